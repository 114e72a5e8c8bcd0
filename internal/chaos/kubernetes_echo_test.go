package chaos

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// TestKubernetesEchoesStayMasked is TestEchoesStayMasked with an API server, which
// is asked with a token or with a password.
func TestKubernetesEchoesStayMasked(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	cluster := kubetest.Shared(t)
	proxy := cluster.Proxy(t)
	const credential = "S3cret-of-kubernetes/+="
	logins := map[string]string{
		"token":    fmt.Sprintf("config_path = %q, token = %q", proxy.Kubeconfig, credential),
		"password": fmt.Sprintf("config_path = %q", withPassword(t, proxy.Kubeconfig, credential+odd)),
	}
	body, secrets := secretive(t, "onprem_metallb_bgp_peer")
	body = strings.NewReplacer("NAME", kubetest.Name(t, "tor"), "ADDRESS", cluster.Prefix(t).Addr().Next().String()).Replace(body)
	for key := range secrets {
		secrets[key] += odd
	}
	values, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	faults := echoes()
	for name, spell := range map[string]func(string) string{"as the message of a Status": func(s string) string { return s }, "in lines": jsonText} {
		faults[name] = faulty.Echo(422, "application/json", func(s string) string {
			cause := fmt.Sprintf(`{"field":"spec.password","reason":"FieldValueInvalid","message":%s}`, jsonText(spell(s)))
			return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":422,"message":%s,"details":{"causes":[%s]}}`, jsonText(spell(s)), cause)
		})
	}
	for login, block := range logins {
		config := fmt.Sprintf("provider \"onprem\" {\n  kubernetes = { %s, max_retries = 0 }\n}\n", block) + variables + body
		for name, fault := range faults {
			w, err := workspace.New(tool, t.TempDir(), provider, config)
			if err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(w.Dir, "trace.log")
			w.Env = append(w.Env, "TF_LOG=trace", "TF_LOG_PATH="+log, "TF_VAR_secrets="+string(values))
			proxy.Heal()
			proxy.Fail("PATCH /**", fault, -1)
			output, err := w.Run(t.Context(), 1, "apply", "-auto-approve", "-no-color")
			if err != nil {
				t.Errorf("%s, %s: %v", login, name, err)
			}
			trace, err := os.ReadFile(log)
			if err != nil || !strings.Contains(string(trace), "kubernetes request") {
				t.Fatalf("the log (%d bytes, %v) holds no request of the provider: nothing was looked at", len(trace), err)
			}
			find(t, core(), login+", "+name+": output", output)
			find(t, core(), login+", "+name+": log", string(trace))
		}
	}
}

func jsonText(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// withPassword is a copy of a kubeconfig that logs in with a password.
func withPassword(t *testing.T, kubeconfig, password string) string {
	t.Helper()
	c, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for name := range c.AuthInfos {
		c.AuthInfos[name] = &clientcmdapi.AuthInfo{Username: "admin", Password: password}
	}
	name := filepath.Join(t.TempDir(), "password.kubeconfig")
	if err := clientcmd.WriteToFile(*c, name); err != nil {
		t.Fatal(err)
	}
	return name
}
