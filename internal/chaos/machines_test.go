package chaos

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// TestMachinesRepeatNoSecrets logs in to a machine that repeats all it is given,
// the answers to sudo among it, and looks for the secrets of the ssh block in
// output and log.
func TestMachinesRepeatNoSecrets(t *testing.T) {
	t.Parallel()
	tool, provider := programs(t)
	const password, sudo, passphrase = "S3cret-of-ssh" + odd, "S3cret-of-sudo" + odd, "S3cret-of-the-key" + odd
	private := encryptedKey(t, passphrase)
	asked := 0
	machine := sshtest.Start(t, sshtest.Options{User: "deploy", Password: password, Exec: func(e *sshtest.Exec) int {
		asked++
		given, _ := io.ReadAll(io.LimitReader(e.Stdin, 64))
		fmt.Fprintf(e.Stderr, "%s\n%s\n%s %s %s\n%s\n", e.Command, given, password, sudo, passphrase, private)
		return 1
	}})
	w, err := workspace.New(tool, t.TempDir(), provider, fmt.Sprintf(`
provider "onprem" {
  ssh = { user = "deploy", agent = false }
}

resource "onprem_kubernetes_cluster" "seoul" {
  name                   = "seoul"
  version                = "1.34.4"
  control_plane_endpoint = "192.168.1.100:6443"
  pod_cidr               = "10.244.0.0/16"
  nodes = {
    cp-01 = { role = "control-plane", address = "192.168.1.11", ssh = { address = %q, port = %d, host_key = %q } }
  }
}
`, machine.Host(), machine.Port(), machine.HostKey()))
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(w.Dir, "trace.log")
	w.Env = append(w.Env, "TF_LOG=trace", "TF_LOG_PATH="+log,
		"ONPREM_SSH_PASSWORD="+password, "ONPREM_SSH_SUDO_PASSWORD="+sudo, "ONPREM_SSH_PRIVATE_KEY="+private, "ONPREM_SSH_PRIVATE_KEY_PASSPHRASE="+passphrase)
	output, err := w.Run(t.Context(), 1, "apply", "-auto-approve", "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	if asked == 0 {
		t.Fatalf("the machine was asked nothing:\n%s", output)
	}
	trace, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(core(), strings.Split(private, "\n")[1]) {
		find(t, []string{s}, "output", output)
		find(t, []string{s}, "log", string(trace))
	}
}

// encryptedKey is a key that is not to be seen, although it opens nothing.
func encryptedKey(t *testing.T, passphrase string) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}
