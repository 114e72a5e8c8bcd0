package remote

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	openssh "golang.org/x/crypto/ssh/knownhosts"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

func dialTCP(ctx context.Context, network, addr string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func closedPort(t *testing.T) int {
	t.Helper()
	m := newMachine(t, sshtest.Options{})
	m.Down()
	return m.Port()
}

func signer(t *testing.T, key crypto.Signer, err error) ssh.Signer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHostKeys(t *testing.T) {
	_, ed := sshtest.NewKey(t)
	_, stranger := sshtest.NewKey(t)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ec := signer(t, curve, err)
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	rs := signer(t, modulus, err)
	m := newMachine(t, sshtest.Options{HostKeys: []ssh.Signer{ed, ec, rs}})
	only := newMachine(t, sshtest.Options{HostKeys: []ssh.Signer{ed}})

	for name, c := range map[string]struct {
		machine *machine
		pins    []string
		known   []ssh.Signer // in known_hosts
		want    string       // a type of error, or nothing
	}{
		"key":                             {m, []string{sshtest.Authorized(ed.PublicKey())}, nil, ""},
		"key of another kind":             {m, []string{sshtest.Authorized(ec.PublicKey())}, nil, ""},
		"RSA key":                         {m, []string{sshtest.Authorized(rs.PublicKey())}, nil, ""},
		"as ssh-keyscan prints it":        {m, []string{"node-1.example.internal " + sshtest.Authorized(ed.PublicKey())}, nil, ""},
		"one of several":                  {m, []string{sshtest.Authorized(stranger.PublicKey()), sshtest.Authorized(ed.PublicKey())}, nil, ""},
		"fingerprint":                     {m, []string{ssh.FingerprintSHA256(ed.PublicKey())}, nil, ""},
		"fingerprint of an ECDSA key":     {m, []string{ssh.FingerprintSHA256(ec.PublicKey())}, nil, ""},
		"fingerprint of an RSA key":       {m, []string{ssh.FingerprintSHA256(rs.PublicKey())}, nil, ""},
		"known":                           {m, nil, []ssh.Signer{ed}, ""},
		"known by another kind":           {m, nil, []ssh.Signer{rs}, ""},
		"changed":                         {m, []string{sshtest.Authorized(stranger.PublicKey())}, nil, "changed"},
		"changed fingerprint":             {m, []string{ssh.FingerprintSHA256(stranger.PublicKey())}, nil, "changed"},
		"changed fingerprint, one kind":   {only, []string{ssh.FingerprintSHA256(stranger.PublicKey())}, nil, "changed"},
		"changed in known_hosts":          {m, nil, []ssh.Signer{stranger}, "changed"},
		"not in known_hosts":              {m, nil, []ssh.Signer{}, "unknown"},
		"nothing to go by":                {m, nil, nil, "unknown"},
		"not a key":                       {m, []string{"ssh-ed25519 rubbish"}, nil, "config"},
		"a kind that the machine has not": {only, []string{sshtest.Authorized(rs.PublicKey())}, nil, "connect"},
	} {
		t.Run(name, func(t *testing.T) {
			config := c.machine.config()
			config.HostKeys = c.pins
			if c.known != nil {
				config.KnownHostsFile = knownHostsFile(t, config.address(), c.known)
			}
			conn, err := Dial(t.Context(), config)
			switch c.want {
			case "changed":
				if e := failure[*HostKeyChangedError](t, err); !strings.Contains(e.Hint(), authorized(e.Got)) {
					t.Errorf("the hint does not give the new key: %s", e.Hint())
				}
			case "unknown":
				_ = failure[*UnknownHostKeyError](t, err)
			case "config":
				_ = failure[*ConfigError](t, err)
			case "connect":
				_ = failure[*ConnectError](t, err)
			default:
				if err != nil {
					t.Fatal(err)
				}
				_ = conn.Close()
			}
		})
	}
}

func knownHostsFile(t *testing.T, address string, keys []ssh.Signer) string {
	t.Helper()
	var lines []string
	for _, key := range keys {
		lines = append(lines, openssh.Line([]string{address}, key.PublicKey()))
	}
	path := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLogin(t *testing.T) {
	const password, passphrase = "correct-horse", "battery-staple"
	private, key := sshtest.NewKey(t)
	other, _ := sshtest.NewKey(t)
	raw, err := ssh.ParseRawPrivateKey([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(raw, "", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	locked := string(pem.EncodeToMemory(block))
	options := sshtest.Options{User: "deploy", Password: password, Keys: []ssh.PublicKey{key.PublicKey()}}
	m := newMachine(t, options)
	options.Dialogue = true
	pam := newMachine(t, options)

	for name, c := range map[string]struct {
		machine *machine
		edit    func(*Config)
		want    string // in the error, or nothing
	}{
		"key":                        {m, func(c *Config) { c.PrivateKeys = []string{private} }, ""},
		"second key":                 {m, func(c *Config) { c.PrivateKeys = []string{other, private} }, ""},
		"key with a passphrase":      {m, func(c *Config) { c.PrivateKeys, c.Passphrase = []string{locked}, passphrase }, ""},
		"password":                   {m, func(c *Config) { c.Password = password }, ""},
		"password in a dialogue":     {pam, func(c *Config) { c.Password = password }, ""},
		"wrong key, right password":  {m, func(c *Config) { c.PrivateKeys, c.Password = []string{other}, password }, ""},
		"wrong key":                  {m, func(c *Config) { c.PrivateKeys = []string{other} }, `the login as "deploy" was refused; tried: key SHA256:`},
		"wrong password":             {m, func(c *Config) { c.Password = "wrong-secret" }, "tried: password"},
		"wrong password, dialogue":   {pam, func(c *Config) { c.Password = "wrong-secret" }, "tried: password in a dialogue"},
		"wrong user":                 {m, func(c *Config) { c.User, c.PrivateKeys = "mallory", []string{private} }, `the login as "mallory"`},
		"nothing":                    {m, func(*Config) {}, "there is nothing to log in with"},
		"not a key":                  {m, func(c *Config) { c.PrivateKeys = []string{"wrong-secret"} }, "not a private key in PEM"},
		"no passphrase":              {m, func(c *Config) { c.PrivateKeys = []string{locked} }, "protected by a passphrase"},
		"wrong passphrase":           {m, func(c *Config) { c.PrivateKeys, c.Passphrase = []string{locked}, "wrong-secret" }, "does not open"},
		"agent that is not there":    {m, func(c *Config) { c.Agent = true }, "tried: agent (SSH_AUTH_SOCK is not set)"},
		"a kind the server has none": {newMachine(t, sshtest.Options{}), func(c *Config) { c.Password = password }, "tried: nothing, since"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SSH_AUTH_SOCK", "")
			config := c.machine.config()
			config.User, config.PrivateKeys = "deploy", nil
			c.edit(&config)
			conn, err := Dial(t.Context(), config)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				_ = conn.Close()
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}
