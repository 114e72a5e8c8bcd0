package remote

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// SHA-1 protects nothing unless somebody asks for it.
func TestLegacyAlgorithms(t *testing.T) {
	for name, offered := range map[string]ssh.Config{
		"key exchange": {KeyExchanges: []string{ssh.InsecureKeyExchangeDH14SHA1}},
		"MAC":          {Ciphers: []string{"aes128-ctr"}, MACs: []string{ssh.HMACSHA1}},
		"short MAC":    {Ciphers: []string{"aes128-ctr"}, MACs: []string{ssh.InsecureHMACSHA196}},
	} {
		m := newMachine(t, sshtest.Options{Algorithms: offered})
		config := m.config()
		_, err := Dial(t.Context(), config)
		var refused *ConnectError
		if !errors.As(err, &refused) || !strings.Contains(refused.Error(), "sha1") || !strings.Contains(refused.Hint(), "legacy_algorithms") {
			t.Errorf("%s: got %v", name, err)
		}
		config.LegacyAlgorithms = true
		c, err := Dial(t.Context(), config)
		if err != nil {
			t.Errorf("%s, asked for: %v", name, err)
			continue
		}
		_ = c.Close()
	}
}

// A machine that repeats what it was given shows no secret.
func TestMachinesThatRepeatSecrets(t *testing.T) {
	const password, passphrase = `correct-"horse"`, "battery/staple"
	m := newMachine(t, sshtest.Options{}, "SUDO=password", "SUDO_PASSWORD="+password)
	config := m.config()
	config.User, config.SudoPassword, config.Passphrase = "deploy", password, passphrase
	c := mustDial(t, config)
	check := func(where, text string) {
		t.Helper()
		if !strings.Contains(text, mask.Masked) || strings.Contains(text, "horse") || strings.Contains(text, "staple") || strings.Contains(text, "PRIVATE KEY-----\nb3") {
			t.Errorf("%s: %s", where, text)
		}
	}
	_, err := c.Run(t.Context(), Script("test", `echo "$1 and $2" >&2; printf %s "$3" >&2; exit 3`, password, passphrase, config.PrivateKeys[0]))
	var exit *ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("got %v", err)
	}
	check("error", exit.Error())

	var lines []string
	job := Job{Name: "repeat", Argv: []string{"sh", "-c", `echo "$1"; exit 3`, "sh", password}, Timeout: time.Minute}
	_, err = c.RunJob(t.Context(), job, func(line string) { lines = append(lines, line) })
	if !errors.As(err, &exit) {
		t.Fatalf("got %v", err)
	}
	check("error of a job", exit.Error())
	check("progress of a job", strings.Join(lines, "\n"))
}
