package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// login collects what a machine was offered, for the error when it takes none of it.
type login struct {
	config  Config
	signers []ssh.Signer // the configured keys, readable

	mu    sync.Mutex
	tried []string
}

func (c Config) login() (*login, error) {
	l := &login{config: c}
	for _, pem := range c.PrivateKeys {
		signer, err := parseKey(pem, c.Passphrase)
		if err != nil {
			return nil, &ConfigError{
				Host: c.Host, Problem: err.Error(),
				Advice: "Give a private key in PEM as `private_key` or `private_key_file`, and its `private_key_passphrase` when it has one.",
			}
		}
		l.signers = append(l.signers, signer)
	}
	if len(l.signers) == 0 && c.Password == "" && !c.Agent {
		return nil, &ConfigError{
			Host: c.Host, Problem: "there is nothing to log in with",
			Advice: "Set `private_key`, `private_key_file`, `agent` or `password` in the provider's `ssh` block.",
		}
	}
	return l, nil
}

// parseKey reads a private key. Its errors never hold any of it.
func parseKey(pem, passphrase string) (ssh.Signer, error) {
	signer, err := ssh.ParsePrivateKey([]byte(pem))
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return signer, nil
	case !errors.As(err, &locked):
		return nil, errors.New("the private key cannot be read: it is not a private key in PEM")
	case passphrase == "":
		return nil, errors.New("the private key is protected by a passphrase, and none is set")
	}
	if signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(pem), []byte(passphrase)); err != nil {
		return nil, errors.New("the passphrase does not open the private key")
	}
	return signer, nil
}

// methods returns the ways to log in, keys first. All keys are one method: of several with the same name the SSH
// client uses the first alone.
func (l *login) methods() []ssh.AuthMethod {
	var methods []ssh.AuthMethod
	if len(l.signers) > 0 || l.config.Agent {
		methods = append(methods, ssh.PublicKeysCallback(l.keys))
	}
	if l.config.Password != "" {
		methods = append(methods, ssh.PasswordCallback(func() (string, error) {
			l.note("password")
			return l.config.Password, nil
		}), ssh.KeyboardInteractive(l.answer))
	}
	return methods
}

// keys returns the configured keys, then the agent's: a server counts every key as a try and gives up after a few.
func (l *login) keys() ([]ssh.Signer, error) {
	signers := l.signers
	if l.config.Agent {
		ours, err := agentKeys()
		if err != nil {
			l.note("agent (" + err.Error() + ")")
		}
		signers = append(signers[:len(signers):len(signers)], ours...)
	}
	for _, s := range signers {
		l.note("key " + ssh.FingerprintSHA256(s.PublicKey()))
	}
	return signers, nil
}

// answer gives the password to a server that asks for it in a dialogue, as PAM does. Questions whose answer may be
// shown are not for a password.
func (l *login) answer(_, _ string, questions []string, echo []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		if echo[i] {
			return nil, fmt.Errorf("the server asks %q", questions[i])
		}
		answers[i] = l.config.Password
	}
	if len(questions) > 0 {
		l.note("password in a dialogue")
	}
	return answers, nil
}

func (l *login) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried = append(l.tried, what)
}

func (l *login) attempts() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.tried, ", ")
}

func agentKeys() ([]ssh.Signer, error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, errors.New("SSH_AUTH_SOCK is not set")
	}
	conn, err := net.Dial("unix", socket) //nolint:noctx // a local socket
	if err != nil {
		return nil, err
	}
	// The signers sign through the connection, which therefore stays open: for the life of the process, as it is the
	// same for all machines.
	return agent.NewClient(conn).Signers()
}
