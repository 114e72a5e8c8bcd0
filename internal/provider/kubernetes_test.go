package provider

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
)

// kubernetes is what the settings of a block, and the environment, come to.
func kubernetes(t *testing.T, settings map[string]tftypes.Value) (kube.Config, error) {
	t.Helper()
	var described provider.SchemaResponse
	New("test")().Schema(t.Context(), provider.SchemaRequest{}, &described)
	written := config(t, described.Schema, "kubernetes", settings)
	var m model
	diags := written.Get(t.Context(), &m)
	resolve := kubernetesSettings(t.Context(), m.Kubernetes, "test", &diags)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return resolve()
}

func texts(all ...string) tftypes.Value {
	values := make([]tftypes.Value, len(all))
	for i, s := range all {
		values[i] = text(s)
	}
	return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, values)
}

var yes, no = tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false)

type written = map[string]tftypes.Value

// TestWhichCluster: it is said by HCL or by the environment, never by both.
func TestWhichCluster(t *testing.T) {
	environment := map[string]string{
		"KUBE_CONFIG_PATH": "/env/config", "KUBE_CONFIG_PATHS": "/env/a:/env/b", "KUBE_CTX": "env", "KUBE_HOST": "https://env.example.internal",
		"KUBE_CLUSTER_CA_CERT_DATA": "env-ca", "KUBE_TLS_SERVER_NAME": "env", "KUBE_PROXY_URL": "http://env.example.internal:3128",
		"KUBE_INSECURE": "true", "KUBE_IN_CLUSTER_CONFIG": "true",
		"KUBE_TOKEN": "env-token", "KUBE_CLIENT_CERT_DATA": "env-cert", "KUBE_CLIENT_KEY_DATA": "env-key",
	}
	for name, value := range environment {
		t.Setenv(name, value)
	}
	all := kube.Config{
		Source: "the environment", ConfigPaths: []string{"/env/config"}, ConfigContext: "env", Host: "https://env.example.internal", InCluster: true,
		ClusterCACertificate: "env-ca", TLSServerName: "env", ProxyURL: "http://env.example.internal:3128", Insecure: true,
	}
	for name, test := range map[string]struct {
		written     written
		want        kube.Config
		credentials bool // of the environment
	}{
		"nothing":          {written{}, all, true},
		"no":               {written{"insecure": no, "in_cluster_config": no}, func(c kube.Config) kube.Config { c.Insecure, c.InCluster = false, false; return c }(all), true},
		"something else":   {written{"max_retries": tftypes.NewValue(tftypes.Number, 2)}, all, true},
		"a file":           {written{"config_path": text("/a")}, kube.Config{ConfigPaths: []string{"/a"}}, false},
		"files":            {written{"config_paths": texts("/a", "/b")}, kube.Config{ConfigPaths: []string{"/a", "/b"}}, false},
		"a context":        {written{"config_context": text("a")}, kube.Config{ConfigContext: "a"}, false},
		"a host":           {written{"host": text("https://a")}, kube.Config{Host: "https://a"}, true},
		"a host of a file": {written{"host": text("https://a"), "config_path": text("/a")}, kube.Config{Host: "https://a", ConfigPaths: []string{"/a"}}, false},
		"the pod's":        {written{"in_cluster_config": yes}, kube.Config{InCluster: true}, false},
		"insecure":         {written{"insecure": yes}, kube.Config{Insecure: true}, false},
		"an authority":     {written{"cluster_ca_certificate": text("a")}, kube.Config{ClusterCACertificate: "a"}, false},
		"a server's name":  {written{"tls_server_name": text("a")}, kube.Config{TLSServerName: "a"}, false},
		"a proxy":          {written{"proxy_url": text("http://a:1")}, kube.Config{ProxyURL: "http://a:1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := kubernetes(t, test.written)
			if err != nil {
				t.Fatal(err)
			}
			if test.want.Source == "" {
				test.want.Source = "HCL"
			}
			if test.credentials {
				test.want.Token, test.want.ClientCertificate, test.want.ClientKey = "env-token", "env-cert", "env-key"
			}
			test.want.UserAgent, test.want.MaxRetries, got.Log = got.UserAgent, got.MaxRetries, nil
			if len(got.ConfigPaths) == 0 {
				got.ConfigPaths = nil
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// TestEmptyCluster: an expression that has found nothing is no reason to write
// to another cluster.
func TestEmptyCluster(t *testing.T) {
	t.Setenv("KUBE_CONFIG_PATHS", "/env/a")
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	t.Setenv("KUBERNETES_SERVICE_PORT", "443")
	for name, written := range map[string]written{
		"config_path":    {"config_path": text("")},
		"config_paths":   {"config_paths": texts()},
		"config_context": {"config_path": text("/a"), "config_context": text("")},
	} {
		_, err := kubernetes(t, written)
		var hinting interface{ Hint() string }
		if err == nil || !strings.Contains(err.Error(), "`"+name+"` in the provider's `kubernetes` block is empty") || !errors.As(err, &hinting) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if resp := configure(t, "kubernetes", written{"host": text("")}); !resp.Diagnostics.HasError() {
		t.Error("an empty host is none")
	}
	if _, err := kubernetes(t, written{"config_paths": texts("/a", "")}); err == nil || !strings.Contains(err.Error(), "`config_paths`") {
		t.Errorf("an empty one among the files: got %v", err)
	}
	var unknown *clients.UnknownError
	if _, err := kubernetes(t, written{"config_path": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}); !errors.As(err, &unknown) {
		t.Errorf("an unknown one: got %v", err)
	}
}

func kubeconfigOf(t *testing.T, server string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config")
	content := `{"apiVersion": "v1", "kind": "Config", "current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
		"users": [{"name": "a", "user": {"token": "t0ken"}}], "clusters": [{"name": "a", "cluster": {` + server + `}}]}`
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestOpenClustersWarn: what a kubeconfig leaves open warns as what HCL does.
func TestOpenClustersWarn(t *testing.T) {
	t.Parallel()
	file := func(server string) written { return written{"config_path": text(kubeconfigOf(t, server))} }
	for name, test := range map[string]struct {
		written written
		want    string
	}{
		"host":                 {written{"host": text("http://kube.example.internal"), "token": text("t0ken")}, "`host` of kubernetes starts with http://"},
		"host, no credentials": {written{"host": text("http://kube.example.internal")}, ""},
		"loopback":             {written{"host": text("http://127.0.0.1:8001"), "token": text("t0ken")}, ""},
		"kubeconfig":           {file(`"server": "https://kube.example.internal"`), ""},
		"kubeconfig, plain":    {file(`"server": "http://kube.example.internal"`), ""}, // client-go sends no credentials of a kubeconfig there
		"kubeconfig, plain, and a token": {
			written{"config_path": text(kubeconfigOf(t, `"server": "http://kube.example.internal"`)), "token": text("t0ken")},
			"The kubeconfig's server is http://kube.example.internal",
		},
		"kubeconfig, unverified": {file(`"server": "https://kube.example.internal", "insecure-skip-tls-verify": true`), "The kubeconfig says `insecure-skip-tls-verify`"},
		"no file":                {written{"config_path": text("/nonexistent")}, ""},
		"unknown":                {written{"host": tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}, ""},
	} {
		resp := configure(t, "kubernetes", test.written)
		var said []string
		for _, d := range resp.Diagnostics {
			if d.Severity() == diag.SeverityWarning {
				said = append(said, d.Detail())
			}
		}
		if resp.Diagnostics.HasError() || len(said) > 1 || !strings.HasPrefix(strings.Join(said, ""), test.want) || (len(said) == 1) != (test.want != "") {
			t.Errorf("%s: got %q, %v", name, said, resp.Diagnostics.Errors())
		}
	}
}
