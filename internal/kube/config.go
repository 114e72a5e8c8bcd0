package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// Defaults of a Config whose fields are zero.
const (
	DefaultFieldManager   = "terraform-provider-onprem"
	DefaultRequestTimeout = 30 * time.Second
	DefaultMaxRetries     = 4
	DefaultMaxConcurrent  = 64
	// DefaultPatience covers the restart of a webhook or an aggregated server.
	DefaultPatience    = 2 * time.Minute
	DefaultMaxResponse = 32 << 20
)

// Config is how to reach a cluster: by kubeconfig files, by host and
// credentials, or from inside the cluster. Nothing is guessed: a Config that says
// none of these is an error.
type Config struct {
	ConfigPaths   []string // kubeconfig files, merged in order as kubectl merges $KUBECONFIG
	ConfigContext string   // the files' current context when empty

	InCluster            bool   // the cluster whose pod this runs in, with the pod's service account
	Host                 string // replaces the server of the kubeconfig's context
	ClusterCACertificate string // PEM
	Insecure             bool   // accept any server certificate
	TLSServerName        string // name to verify the certificate against, when not the host's
	ProxyURL             string // http, https or socks5

	// Credentials. Any of them replaces all those of the kubeconfig.
	Token             string
	ClientCertificate string // PEM, with ClientKey
	ClientKey         string
	Exec              *Exec

	FieldManager   string        // name under which fields are owned; DefaultFieldManager when empty
	RequestTimeout time.Duration // of one try; DefaultRequestTimeout when zero
	MaxRetries     int           // tries after the first; DefaultMaxRetries when zero, none when negative
	MaxConcurrent  int           // requests under way at once; DefaultMaxConcurrent when zero
	MaxResponse    int64         // bytes of an answer, unpacked; DefaultMaxResponse when zero
	UserAgent      string

	// Patience bounds the wait for what is known to come back: an overloaded
	// API server, an aggregated server or a webhook that starts. The tries
	// meanwhile are not counted. DefaultPatience when zero.
	Patience time.Duration

	// Source is who says which cluster it is, for the log.
	Source string

	// Log receives FirstUse, one entry per request, without headers and bodies,
	// and the warnings of the API server. May be nil.
	Log func(ctx context.Context, msg string, fields map[string]any)
}

// Exec is a program that prints credentials (client.authentication.k8s.io).
type Exec struct {
	APIVersion string // client.authentication.k8s.io/v1 when empty
	Command    string
	Args       []string
	Env        map[string]string
}

func (c Config) withDefaults() Config {
	if c.FieldManager == "" {
		c.FieldManager = DefaultFieldManager
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.MaxRetries == 0 {
		c.MaxRetries = DefaultMaxRetries
	}
	if c.MaxConcurrent == 0 {
		c.MaxConcurrent = DefaultMaxConcurrent
	}
	if c.UserAgent == "" {
		c.UserAgent = DefaultFieldManager
	}
	if c.MaxResponse == 0 {
		c.MaxResponse = DefaultMaxResponse
	}
	if c.Patience == 0 {
		c.Patience = DefaultPatience
	}
	return c
}

// cluster is a cluster as client-go reaches it, and where it was found.
type cluster struct {
	*rest.Config
	context string // of the kubeconfig
	source  string
}

// address is the API server's, for messages.
func (c *cluster) address() string {
	u, err := url.Parse(c.Host)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// proxyPassword is that of the proxy in between, "" where there is none.
func (c *cluster) proxyPassword() string {
	host, err := url.Parse(c.Host)
	if err != nil {
		return ""
	}
	proxy, err := c.Proxy(&http.Request{URL: host})
	if err != nil || proxy == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return password
}

// Endpoint is how a cluster is spoken to.
type Endpoint struct {
	URL         string
	Insecure    bool // any server certificate is accepted
	Credentials bool // are sent
}

// Endpoint tells how the cluster that c describes will be spoken to, as far as
// can be known without it.
func (c Config) Endpoint() (Endpoint, error) {
	rc, err := c.restConfig()
	if err != nil {
		return Endpoint{}, err
	}
	credentials := rc.BearerToken != "" || rc.BearerTokenFile != "" || rc.Username != "" || rc.ExecProvider != nil || rc.AuthProvider != nil
	return Endpoint{URL: rc.address(), Insecure: rc.Insecure, Credentials: credentials}, nil
}

// restConfig turns c into client-go's configuration.
func (c Config) restConfig() (*cluster, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	rc, err := c.base()
	if err != nil {
		return nil, err
	}
	if err := c.override(rc.Config); err != nil {
		return nil, err
	}
	if c.Source != "" {
		rc.source += ", from " + c.Source
	}
	rc.Timeout = c.RequestTimeout
	rc.UserAgent = c.UserAgent
	// The server has its own fairness rules (API Priority and Fairness) and
	// this client its cap on concurrency; client-go's five requests a second
	// would make a plan over 1,000 objects crawl.
	rc.QPS = -1
	return rc, nil
}

// check finds settings that cannot be right, whatever else is configured.
func (c Config) check() error {
	if c.Host != "" {
		u, err := url.Parse(c.Host)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return settingError("host", fmt.Errorf("%q is not a URL such as https://192.168.1.100:6443", c.Host))
		}
		if u.User != nil {
			return settingError("host", errors.New("the URL holds a user name or password, which Kubernetes has no use for"))
		}
	}
	if c.ClusterCACertificate != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.ClusterCACertificate)) {
		return notPEM("cluster_ca_certificate", c.ClusterCACertificate)
	}
	if c.ClusterCACertificate != "" && c.Insecure {
		return settingError("insecure", errors.New("it is set together with `cluster_ca_certificate`, which it would ignore; keep one of them"))
	}
	if c.ClientCertificate != "" || c.ClientKey != "" {
		if _, err := tls.X509KeyPair([]byte(c.ClientCertificate), []byte(c.ClientKey)); err != nil {
			return c.pairError(err)
		}
	}
	if c.InCluster && (len(c.ConfigPaths) > 0 || c.Host != "") {
		return settingError("in_cluster_config", errors.New("it is set together with a kubeconfig or a host, which are another cluster; keep one of them"))
	}
	if c.Exec != nil && c.Exec.Command == "" {
		return settingError("exec.command", errors.New("it is empty"))
	}
	return nil
}

// base is the configuration before the explicit settings: the kubeconfig's, the
// pod's, or none when a host is given.
func (c Config) base() (*cluster, error) {
	switch {
	case len(c.ConfigPaths) > 0:
		return c.kubeconfig()
	case c.Host != "":
		return &cluster{Config: &rest.Config{}, source: "host"}, nil
	case c.InCluster:
		return c.pod()
	case c.ConfigContext != "":
		return nil, settingError("config_context", fmt.Errorf("the context %q is asked for, but no kubeconfig is given", c.ConfigContext)).
			hinting("Set `config_path` beside it in the provider's `kubernetes` block: which cluster it is never comes half from there and half " +
				"from the environment.")
	}
	return nil, (&ConfigError{err: errors.New("neither a kubeconfig nor a host is given")}).
		hinting("Set `config_path` (and `config_context`) in the provider's `kubernetes` block, or `host` with credentials, or for the cluster " +
			"whose pod this runs in `in_cluster_config = true`. Where the block says nothing of these, KUBE_CONFIG_PATH, KUBE_HOST or " +
			"KUBE_IN_CLUSTER_CONFIG do.")
}

// pod is the cluster whose pod this runs in.
func (c Config) pod() (*cluster, error) {
	rc, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, settingError("in_cluster_config", errors.New("this does not run in a pod")).hinting("Set `config_path` or `host` instead.")
	}
	if err != nil {
		return nil, settingError("in_cluster_config", err).hinting("The pod's service account cannot be read. Mount its token, or set `config_path`.")
	}
	return &cluster{Config: rc, source: "service account of this pod"}, nil
}

// kubeconfig loads the files and picks the context.
func (c Config) kubeconfig() (*cluster, error) {
	paths, err := c.readablePaths()
	if err != nil {
		return nil, err
	}
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: paths}
	merged, err := rules.Load()
	if err != nil {
		return nil, settingError("config_path", err).hinting("Correct the file; `kubectl --kubeconfig FILE config view` shows what is wrong with it.")
	}
	if err := c.checkContext(merged, paths); err != nil {
		return nil, err
	}
	rc, err := clientcmd.NewNonInteractiveClientConfig(*merged, c.ConfigContext, &clientcmd.ConfigOverrides{}, rules).ClientConfig()
	if err != nil {
		return nil, settingError("config_path", fmt.Errorf("%s: %w", strings.Join(paths, ", "), err))
	}
	context := orElse(c.ConfigContext, merged.CurrentContext)
	return &cluster{Config: rc, context: context, source: "kubeconfig " + strings.Join(paths, ", ")}, nil
}

// readablePaths resolves ~ and refuses files that cannot be read: client-go
// would skip a missing one without a word.
func (c Config) readablePaths() ([]string, error) {
	paths := make([]string, len(c.ConfigPaths))
	for i, p := range c.ConfigPaths {
		if inHome, ok := strings.CutPrefix(p, "~/"); ok {
			home, err := os.UserHomeDir()
			if err != nil {
				return nil, settingError("config_path", err)
			}
			p = filepath.Join(home, inHome)
		}
		f, err := os.Open(p)
		if err != nil {
			return nil, settingError("config_path", err).
				hinting("Check `config_path` in the provider's `kubernetes` block (or KUBE_CONFIG_PATH) and the file's permissions. " +
					"Relative paths start at the directory Terraform runs in.")
		}
		_ = f.Close()
		paths[i] = p
	}
	return paths, nil
}

func (c Config) checkContext(merged *clientcmdapi.Config, paths []string) error {
	files := strings.Join(paths, ", ")
	known := make([]string, 0, len(merged.Contexts))
	for name := range merged.Contexts {
		known = append(known, name)
	}
	slices.Sort(known)
	hint := "It has no contexts at all."
	if len(known) > 0 {
		hint = "It has: " + strings.Join(known, ", ") + "."
	}
	switch {
	case c.ConfigContext != "" && merged.Contexts[c.ConfigContext] == nil:
		return settingError("config_context", fmt.Errorf("%s has no context %q", files, c.ConfigContext)).hinting(hint)
	case c.ConfigContext == "" && merged.CurrentContext == "" && len(merged.Contexts) > 0:
		return settingError("config_context", fmt.Errorf("%s names no current context, and none is asked for", files)).hinting(hint)
	case c.ConfigContext == "" && merged.Contexts[merged.CurrentContext] == nil:
		return settingError("config_path", fmt.Errorf("%s has no context %q, its current one", files, merged.CurrentContext)).hinting(hint)
	}
	return nil
}

// override lays the explicit settings over rc.
func (c Config) override(rc *rest.Config) error {
	if c.Host != "" {
		rc.Host = c.Host
	}
	if c.TLSServerName != "" {
		rc.ServerName = c.TLSServerName
	}
	if c.ClusterCACertificate != "" {
		rc.CAData, rc.CAFile, rc.Insecure = []byte(c.ClusterCACertificate), "", false
	}
	if c.Insecure {
		rc.Insecure = true
		rc.CAData, rc.CAFile = nil, "" // client-go refuses both together
	}
	if c.ProxyURL != "" {
		u, err := url.Parse(c.ProxyURL)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
			return settingError("proxy_url", errors.New("it is not a URL that starts with http://, https:// or socks5://"))
		}
		rc.Proxy = http.ProxyURL(u)
	}
	if rc.Proxy == nil {
		proxy, err := api.ProxyFromEnvironment()
		if err != nil {
			return (&ConfigError{err: err}).hinting("Correct the variable or unset it: without it requests would leave this machine directly.")
		}
		rc.Proxy = proxy
	}
	c.overrideCredentials(rc)
	return nil
}

// overrideCredentials replaces the kubeconfig's credentials as a whole: a token
// of one account beside the certificate of another helps nobody.
func (c Config) overrideCredentials(rc *rest.Config) {
	if c.Token == "" && c.ClientCertificate == "" && c.Exec == nil {
		return
	}
	rc.Username, rc.Password = "", ""
	rc.BearerToken, rc.BearerTokenFile = c.Token, ""
	rc.CertFile, rc.KeyFile = "", ""
	rc.CertData, rc.KeyData = nil, nil
	rc.AuthProvider, rc.ExecProvider = nil, nil
	if c.ClientCertificate != "" {
		rc.CertData, rc.KeyData = []byte(c.ClientCertificate), []byte(c.ClientKey)
	}
	if c.Exec != nil {
		rc.ExecProvider = c.Exec.toClientGo()
	}
}

func (e *Exec) toClientGo() *clientcmdapi.ExecConfig {
	out := &clientcmdapi.ExecConfig{
		APIVersion: e.APIVersion, Command: e.Command, Args: e.Args,
		// Terraform owns the terminal.
		InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}
	if out.APIVersion == "" {
		out.APIVersion = "client.authentication.k8s.io/v1"
	}
	for name, value := range e.Env {
		out.Env = append(out.Env, clientcmdapi.ExecEnvVar{Name: name, Value: value})
	}
	return out
}

// warnings passes the API server's warnings (deprecated versions, say) to the
// log; client-go would print them to the terminal.
type warnings struct {
	log     func(ctx context.Context, msg string, fields map[string]any)
	secrets *mask.Secrets
}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w *warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _ string, text string) {
	if w.log != nil && code == 299 && text != "" { // 299 is the only code the API server uses
		w.log(ctx, "kubernetes warning", map[string]any{"warning": w.secrets.Text(mask.In(ctx).Text(text))})
	}
}

// ConfigError is a configuration that leads to no cluster.
type ConfigError struct {
	setting string
	err     error
	hint    string
}

func settingError(setting string, err error) *ConfigError {
	return &ConfigError{setting: setting, err: err, hint: fmt.Sprintf("Correct `%s` in the provider's `kubernetes` block.", setting)}
}

func (e *ConfigError) hinting(hint string) *ConfigError {
	e.hint = hint
	return e
}

// Error names the setting and what is wrong with it.
func (e *ConfigError) Error() string {
	if e.setting == "" {
		return fmt.Sprintf("kubernetes: %v", e.err)
	}
	return fmt.Sprintf("kubernetes: %s: %v", e.setting, e.err)
}

// Hint says what to do next.
func (e *ConfigError) Hint() string { return e.hint }

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.err }

// notPEM explains a certificate that is none; kubeconfigs hold them in base64.
func notPEM(setting, value string) *ConfigError {
	err := settingError(setting, errors.New("it is not in PEM form"))
	if isBase64PEM(value) {
		err.hint = fmt.Sprintf("It is still in base64, as kubeconfigs hold it: write `%s = base64decode(…)`.", setting)
	}
	return err
}

func (c Config) pairError(err error) *ConfigError {
	switch {
	case c.ClientCertificate == "":
		return settingError("client_certificate", errors.New("it is missing beside `client_key`"))
	case c.ClientKey == "":
		return settingError("client_key", errors.New("it is missing beside `client_certificate`"))
	case isBase64PEM(c.ClientCertificate):
		return notPEM("client_certificate", c.ClientCertificate)
	case isBase64PEM(c.ClientKey):
		return notPEM("client_key", c.ClientKey)
	}
	return settingError("client_certificate", err)
}

func isBase64PEM(s string) bool {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	return err == nil && strings.HasPrefix(string(decoded), "-----BEGIN")
}
