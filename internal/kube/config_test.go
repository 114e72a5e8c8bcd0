package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: seoul
clusters:
- {name: seoul, cluster: {server: "https://192.168.1.100:6443"}}
- {name: tokyo, cluster: {server: "https://192.168.2.100:6443", tls-server-name: kubernetes}}
users:
- {name: admin, user: {token: from-file}}
contexts:
- {name: seoul, context: {cluster: seoul, user: admin}}
- {name: tokyo, context: {cluster: tokyo, user: admin}}
`

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func keyPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}))
}

func TestConfig(t *testing.T) {
	t.Parallel()
	file := writeFile(t, kubeconfig)
	certificate, key := keyPair(t)

	t.Run("current context", func(t *testing.T) {
		t.Parallel()
		rc, err := Config{ConfigPaths: []string{file}}.withDefaults().restConfig()
		if err != nil {
			t.Fatal(err)
		}
		if rc.Host != "https://192.168.1.100:6443" || rc.BearerToken != "from-file" || rc.QPS >= 0 || rc.Timeout != DefaultRequestTimeout {
			t.Errorf("got %s", rc)
		}
	})
	t.Run("named context", func(t *testing.T) {
		t.Parallel()
		rc, err := Config{ConfigPaths: []string{file}, ConfigContext: "tokyo"}.restConfig()
		if err != nil {
			t.Fatal(err)
		}
		if rc.Host != "https://192.168.2.100:6443" || rc.ServerName != "kubernetes" {
			t.Errorf("got %s", rc)
		}
	})
	t.Run("explicit settings win", func(t *testing.T) {
		t.Parallel()
		rc, err := Config{
			ConfigPaths: []string{file}, Host: "https://127.0.0.1:16443", ClusterCACertificate: certificate,
			ClientCertificate: certificate, ClientKey: key, TLSServerName: "kubernetes", ProxyURL: "socks5://127.0.0.1:1080",
		}.restConfig()
		if err != nil {
			t.Fatal(err)
		}
		if rc.Host != "https://127.0.0.1:16443" || rc.BearerToken != "" || string(rc.CertData) != certificate || rc.Proxy == nil {
			t.Errorf("got %s", rc)
		}
	})
	t.Run("exec", func(t *testing.T) {
		t.Parallel()
		rc, err := Config{Host: "https://127.0.0.1:6443", Exec: &Exec{Command: "get-token", Env: map[string]string{"A": "b"}}}.restConfig()
		if err != nil {
			t.Fatal(err)
		}
		if rc.ExecProvider.APIVersion != "client.authentication.k8s.io/v1" || rc.ExecProvider.Env[0].Value != "b" {
			t.Errorf("got %s", rc.ExecProvider)
		}
	})
}

// TestPod: the cluster whose pod this runs in is used only when asked for.
func TestPod(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	t.Setenv("KUBERNETES_SERVICE_PORT", "443")
	for _, c := range []Config{{}, {Token: "t0ken"}, {Insecure: true}} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), "neither a kubeconfig nor a host is given") {
			t.Errorf("%+v: got %v", c, err)
		}
	}
	if _, err := New(Config{InCluster: true}); err == nil || !strings.Contains(err.Error(), "in_cluster_config: open /var/run/secrets") {
		t.Errorf("there is no service account here, but got %v", err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := New(Config{InCluster: true}); err == nil || !strings.Contains(err.Error(), "does not run in a pod") {
		t.Errorf("got %v", err)
	}
}

// TestProxyOfTheEnvironment: one that cannot be understood is not left out.
func TestProxyOfTheEnvironment(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://:0:0")
	t.Setenv("https_proxy", "http://:0:0")
	if _, err := New(Config{Host: "https://kube.example.internal:6443"}); err == nil || !strings.Contains(err.Error(), "HTTPS_PROXY in the environment is not the URL") {
		t.Errorf("got %v", err)
	}
	c, err := New(Config{Host: "https://kube.example.internal:6443", ProxyURL: "socks5://me:s3cret@127.0.0.1:1080"})
	if err != nil {
		t.Fatalf("with one of its own: %v", err)
	}
	if text := c.secrets.Text("the proxy says s3cret"); strings.Contains(text, "s3cret") {
		t.Errorf("its password is shown: %s", text)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	file := writeFile(t, kubeconfig)
	certificate, key := keyPair(t)
	encoded := base64.StdEncoding.EncodeToString([]byte(certificate))
	for name, test := range map[string]struct {
		config Config
		want   string
		hint   string
	}{
		"nothing":          {Config{}, "neither a kubeconfig nor a host is given", "KUBE_CONFIG_PATH"},
		"missing file":     {Config{ConfigPaths: []string{"/no/such/file"}}, "open /no/such/file: no such file", "Check `config_path`"},
		"second missing":   {Config{ConfigPaths: []string{file, "/no/such/file"}}, "open /no/such/file: no such file", "Check `config_path`"},
		"no kubeconfig":    {Config{ConfigPaths: []string{writeFile(t, "{")}}, "config_path: ", "Correct the file"},
		"empty":            {Config{ConfigPaths: []string{writeFile(t, "")}}, `has no context ""`, "no contexts at all"},
		"missing context":  {Config{ConfigPaths: []string{file}, ConfigContext: "busan"}, `has no context "busan"`, "It has: seoul, tokyo."},
		"context alone":    {Config{ConfigContext: "seoul"}, `no kubeconfig is given`, "config_path"},
		"pod and file":     {Config{ConfigPaths: []string{file}, InCluster: true}, "in_cluster_config: it is set together", "Correct"},
		"pod and host":     {Config{Host: "https://h", InCluster: true}, "in_cluster_config: it is set together", "Correct"},
		"no current":       {Config{ConfigPaths: []string{writeFile(t, strings.Replace(kubeconfig, "current-context: seoul", "", 1))}}, "names no current context", "It has: seoul, tokyo."},
		"host":             {Config{Host: "192.168.1.100:6443"}, "is not a URL", "`host`"},
		"host with user":   {Config{Host: "https://me:secret@h:6443"}, "holds a user name", "`host`"},
		"CA":               {Config{Host: "https://h", ClusterCACertificate: "rubbish"}, "not in PEM form", "`cluster_ca_certificate`"},
		"CA in base64":     {Config{Host: "https://h", ClusterCACertificate: encoded}, "not in PEM form", "base64decode"},
		"CA and insecure":  {Config{Host: "https://h", ClusterCACertificate: certificate, Insecure: true}, "insecure: it is set together", "Correct"},
		"certificate only": {Config{Host: "https://h", ClientCertificate: certificate}, "client_key: it is missing", "Correct"},
		"key only":         {Config{Host: "https://h", ClientKey: key}, "client_certificate: it is missing", "Correct"},
		"key in base64": {
			Config{Host: "https://h", ClientCertificate: certificate, ClientKey: base64.StdEncoding.EncodeToString([]byte(key))},
			"client_key: it is not in PEM form", "base64decode",
		},
		"proxy": {Config{Host: "https://h", ProxyURL: "proxy:3128"}, "proxy_url: it is not a URL", "Correct"},
		"exec":  {Config{Host: "https://h", Exec: &Exec{}}, "exec.command: it is empty", "Correct"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(test.config)
			var e *ConfigError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			if !strings.Contains(e.Error(), test.want) || !strings.Contains(e.Hint(), test.hint) {
				t.Errorf("got  %s\nhint %s", e, e.Hint())
			}
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("%s shows a secret", e)
			}
		})
	}
}
