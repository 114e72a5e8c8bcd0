// Package remote runs commands on machines over SSH, as root: it checks host keys, quotes, goes through sudo and
// bastions, writes files atomically, follows jobs that outlive the connection, and opens tunnels.
//
// It knows neither Terraform nor Kubernetes.
package remote

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

const (
	defaultPort           = 22
	defaultConnectTimeout = 15 * time.Second
	// maxSessions stays below the ten that OpenSSH allows on a connection, so that a person or a tool that shares
	// nothing with us is not what we have to reckon with.
	maxSessions = 8
)

// Config says how to log in to a machine.
type Config struct {
	Host string // name or address
	Port int    // 22 when 0
	User string // root when empty; anybody else needs sudo

	// HostKeys are the keys the machine may show: "ssh-ed25519 AAAA…" or "SHA256:…". When there are none,
	// KnownHostsFile must know the machine. A key that nobody vouched for is never accepted.
	HostKeys       []string
	KnownHostsFile string

	PrivateKeys []string // in PEM
	Passphrase  string   // of the private keys
	Password    string
	Agent       bool // ask the agent at SSH_AUTH_SOCK

	SudoPassword string // when sudo asks for one

	// Bastion is the machine to go through. The host key of either is checked.
	Bastion *Config

	ConnectTimeout time.Duration // of one try, 15 s when 0

	// LegacyAlgorithms allows key exchange and MACs with SHA-1, for servers that
	// have nothing better (OpenSSH before 6.7, many appliances).
	LegacyAlgorithms bool

	// Log receives one entry per connection, command and job. Fields never hold arguments or contents, which is where
	// secrets travel. May be nil.
	Log func(ctx context.Context, msg string, fields map[string]any)
}

func (c Config) withDefaults() Config {
	c.Port = cmp.Or(c.Port, defaultPort)
	c.User = cmp.Or(c.User, "root")
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, defaultConnectTimeout)
	return c
}

// address is host:port, the form that SSH's own files use.
func (c Config) address() string {
	return net.JoinHostPort(c.Host, strconv.Itoa(cmp.Or(c.Port, defaultPort)))
}

func (c Config) log(ctx context.Context, msg string, fields map[string]any) {
	if c.Log == nil {
		return
	}
	if fields == nil {
		fields = map[string]any{}
	}
	fields["host"] = c.address()
	c.Log(ctx, msg, fields)
}

// algorithms are what the transport may be protected with.
func (c Config) algorithms() ssh.Config {
	if c.LegacyAlgorithms {
		return ssh.Config{} // the library's defaults, which end with SHA-1
	}
	secure := ssh.SupportedAlgorithms()
	bySHA1 := func(name string) bool { return strings.Contains(name, "sha1") }
	return ssh.Config{
		Ciphers:      secure.Ciphers,
		KeyExchanges: slices.DeleteFunc(secure.KeyExchanges, bySHA1),
		MACs:         slices.DeleteFunc(secure.MACs, bySHA1),
	}
}

// secrets are what a machine may repeat of what it was sent.
func (c Config) secrets() *mask.Secrets {
	s := &mask.Secrets{}
	for at := &c; at != nil; at = at.Bastion {
		s.Add(at.Password, at.SudoPassword, at.Passphrase)
		s.Add(at.PrivateKeys...)
	}
	return s
}
