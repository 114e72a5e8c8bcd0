package remote

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	openssh "golang.org/x/crypto/ssh/knownhosts"
)

// families are the kinds of host keys that machines have, the usual one first. A fingerprint does not tell which kind
// it is of, so that each is asked for in turn.
var families = [][]string{
	{ssh.KeyAlgoED25519},
	{ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256},
}

// hostKeys decides which host key a machine may show.
type hostKeys struct {
	// algorithms are what is asked of the server, one list per try: a server shows one key alone, the first that both
	// sides have, and it must be one that is pinned.
	algorithms [][]string
	check      func(key ssh.PublicKey, remote net.Addr) error
}

func (c Config) hostKeys() (hostKeys, error) {
	switch {
	case len(c.HostKeys) > 0:
		return c.pinnedKeys()
	case c.KnownHostsFile != "":
		return c.knownHosts()
	}
	return hostKeys{}, &UnknownHostKeyError{Host: c.Host, Port: c.Port}
}

func (c Config) pinnedKeys() (hostKeys, error) {
	var pins, algorithms []string
	complete := true // every pin tells its algorithm
	for _, text := range c.HostKeys {
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "SHA256:") {
			pins = append(pins, strings.TrimRight(text, "="))
			complete = false
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
		if err != nil {
			return hostKeys{}, &ConfigError{
				Host: c.Host, Problem: fmt.Sprintf("the host key %q cannot be read: %v", text, err),
				Advice: "A host key looks like `ssh-ed25519 AAAA…` or `SHA256:…`. " + keyscan(c.Host, c.Port),
			}
		}
		pins = append(pins, ssh.FingerprintSHA256(key))
		algorithms = append(algorithms, algorithmsOf(key.Type())...)
	}
	tries := [][]string{algorithms}
	if !complete {
		tries = families
	}
	return hostKeys{tries, func(key ssh.PublicKey, _ net.Addr) error {
		if slices.Contains(pins, ssh.FingerprintSHA256(key)) {
			return nil
		}
		return &HostKeyChangedError{Host: c.Host, Port: c.Port, Want: pins, Got: key, Source: "`host_key`"}
	}}, nil
}

// algorithmsOf returns what a key of a type signs with. SHA-1, which "ssh-rsa" stands for, is not among it.
func algorithmsOf(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

func (c Config) knownHosts() (hostKeys, error) {
	db, err := knownhosts.NewDB(c.KnownHostsFile)
	if err != nil {
		return hostKeys{}, &ConfigError{
			Host: c.Host, Problem: "the known_hosts file cannot be read: " + err.Error(),
			Advice: "Check `known_hosts_file`, or give the machine's `host_key`.",
		}
	}
	verify := db.HostKeyCallback()
	return hostKeys{[][]string{db.HostKeyAlgorithms(c.address())}, func(key ssh.PublicKey, remote net.Addr) error {
		err := verify(c.address(), remote, key)
		var mismatch *openssh.KeyError
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &mismatch):
			return &ConfigError{
				Host: c.Host, Problem: fmt.Sprintf("the host key %s was refused: %v", ssh.FingerprintSHA256(key), err),
				Advice: "Look into " + c.KnownHostsFile + ".",
			}
		case len(mismatch.Want) == 0:
			return &UnknownHostKeyError{Host: c.Host, Port: c.Port, File: c.KnownHostsFile}
		}
		changed := &HostKeyChangedError{Host: c.Host, Port: c.Port, Got: key, Source: c.KnownHostsFile}
		for _, want := range mismatch.Want {
			changed.Want = append(changed.Want, ssh.FingerprintSHA256(want.Key))
		}
		return changed
	}}, nil
}

// authorized is a key in the form of authorized_keys, which is also that of a pin.
func authorized(key ssh.PublicKey) string {
	return string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(key)))
}
