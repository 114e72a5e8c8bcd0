package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// address is host:port, or the host alone where the port is SSH's own.
func address(host string, port int) string {
	if port == 0 || port == defaultPort {
		return host
	}
	return Config{Host: host, Port: port}.address()
}

// keyscan is the sentence that tells how to come by a host key.
func keyscan(host string, port int) string {
	scan := "ssh-keyscan -t ed25519 "
	if port != 0 && port != defaultPort {
		scan += fmt.Sprintf("-p %d ", port)
	}
	return fmt.Sprintf("`%s%s` prints what the machine shows from here; "+
		"`cat /etc/ssh/ssh_host_ed25519_key.pub` on its console prints what it is.", scan, host)
}

// ConfigError is a setting that cannot work. Nothing was sent.
type ConfigError struct{ Host, Problem, Advice string }

func (e *ConfigError) Error() string { return "SSH to " + e.Host + ": " + e.Problem }

// Hint implements the hint of an error.
func (e *ConfigError) Hint() string { return e.Advice }

// ConnectError is a connection that did not come about, before anything was said about keys.
type ConnectError struct {
	Host    string
	Port    int
	Bastion string // its address, when there is one
	Err     error
}

func (e *ConnectError) Error() string {
	where := "SSH to " + address(e.Host, e.Port)
	if e.Bastion != "" {
		where += " through the bastion " + e.Bastion
	}
	return where + ": " + e.why()
}

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

func (e *ConnectError) why() string {
	var hop *bastionError
	var tunnel *TunnelError
	var dns *net.DNSError
	var algorithms *ssh.AlgorithmNegotiationError
	switch {
	case errors.As(e.Err, &hop):
		return "the bastion cannot be used: " + hop.Error()
	case errors.As(e.Err, &tunnel):
		return tunnel.why()
	case errors.Is(e.Err, context.Canceled):
		return "interrupted"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(e.Err, syscall.EHOSTUNREACH), errors.Is(e.Err, syscall.ENETUNREACH):
		return "no route to the machine"
	case errors.Is(e.Err, errNoAnswer), isTimeout(e.Err):
		return "no answer"
	case errors.As(e.Err, &dns):
		return "the name cannot be resolved"
	case errors.As(e.Err, &algorithms):
		return "no common " + algorithms.What + ": the server has " + strings.Join(algorithms.RequestedAlgorithms, ", ")
	case isCut(e.Err):
		return "the server hung up during the handshake"
	}
	return e.Err.Error()
}

// Hint implements the hint of an error.
func (e *ConnectError) Hint() string {
	var hop *bastionError
	var tunnel *TunnelError
	var dns *net.DNSError
	var algorithms *ssh.AlgorithmNegotiationError
	switch {
	case errors.As(e.Err, &hop):
		return hop.Hint()
	case errors.As(e.Err, &tunnel):
		return tunnel.Hint()
	case errors.Is(e.Err, context.Canceled):
		return "The run was interrupted. Run it again."
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return "The machine is up, but nothing listens on that port. Check that sshd runs there, and the `port` of its `ssh`."
	case errors.As(e.Err, &dns):
		return "Check the name, or give the machine's address."
	case errors.As(e.Err, &algorithms) && algorithms.What == "host key":
		return "The machine has no host key of the kind that is pinned. " + keyscan(e.Host, e.Port) + " Then set the `host_key` of its `ssh`."
	case errors.As(e.Err, &algorithms):
		return "The machine's sshd is too old, or allows too little. Look into its sshd_config. What has SHA-1 alone is accepted with " +
			"`legacy_algorithms = true` in the provider's `ssh` block."
	case isCut(e.Err):
		return "sshd or something before it dropped the connection: it is starting or stopping, it has too many logins at once (MaxStartups), " +
			"or it blocks this address (hosts.deny, fail2ban). Its journal says which: `journalctl -u ssh -u sshd`."
	}
	return "Check that the machine is up and that its address and the `port` of its `ssh` are right. A firewall on the way drops packets without a word."
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// bastionError is why the first hop of two failed.
type bastionError struct{ error }

func (e *bastionError) Unwrap() error { return e.error }

// Hint is that of the hop.
func (e *bastionError) Hint() string {
	var hinted interface{ Hint() string }
	if errors.As(e.error, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// UnknownHostKeyError is a machine whose host key nobody vouched for.
type UnknownHostKeyError struct {
	Host string
	Port int
	File string // the known_hosts file that does not have it
}

func (e *UnknownHostKeyError) Error() string {
	if e.File != "" {
		return fmt.Sprintf("SSH to %s: the host key is not in %s", address(e.Host, e.Port), e.File)
	}
	return fmt.Sprintf("SSH to %s: there is no host key to check the machine by", address(e.Host, e.Port))
}

// Hint implements the hint of an error.
func (e *UnknownHostKeyError) Hint() string {
	return "A machine is never trusted because it answers. " + keyscan(e.Host, e.Port) +
		" Compare the two, then set it as `host_key` in the machine's `ssh`, or add it to the `known_hosts_file` of the provider's `ssh` block."
}

// HostKeyChangedError is a machine that shows another key than the one expected.
type HostKeyChangedError struct {
	Host   string
	Port   int
	Want   []string // fingerprints
	Got    ssh.PublicKey
	Source string // where the expected ones stand
}

func (e *HostKeyChangedError) Error() string {
	return fmt.Sprintf("SSH to %s: the host key is not the expected one: expected %s (%s), got %s (%s)",
		address(e.Host, e.Port), strings.Join(e.Want, " or "), e.Source, ssh.FingerprintSHA256(e.Got), e.Got.Type())
}

// Hint implements the hint of an error.
func (e *HostKeyChangedError) Hint() string {
	return fmt.Sprintf("Either the machine was installed anew, or another machine answers at this address, perhaps one that listens in. "+
		"Nothing was sent to it. Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the machine's console. "+
		"If it was installed anew, replace the key in %s by `%s`.", e.Source, authorized(e.Got))
}

// AuthError is a login that the machine refused.
type AuthError struct {
	Host  string
	Port  int
	User  string
	Tried string // what it was offered
	Err   error
}

func (e *AuthError) Error() string {
	tried := e.Tried
	if tried == "" {
		tried = "nothing, since it takes none of the configured kinds"
	}
	return fmt.Sprintf("SSH to %s: the login as %q was refused; tried: %s", address(e.Host, e.Port), e.User, tried)
}

// Unwrap returns the cause, in the words of the SSH library.
func (e *AuthError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *AuthError) Hint() string {
	if strings.Contains(e.Err.Error(), "oo many authentication failures") {
		return "The server gave up after too many keys. Use `private_key` in the provider's `ssh` block in place of an agent with many keys."
	}
	return fmt.Sprintf("Check that the public key stands in ~%s/.ssh/authorized_keys on the machine (or that the password is right), that the account "+
		"is not locked, and that sshd admits it: PermitRootLogin, AllowUsers, PasswordAuthentication. `journalctl -u ssh -u sshd` there gives the reason.", e.User)
}

// SessionError is a connection on which the server does not let us run anything.
type SessionError struct {
	Host, Command string
	Err           error
}

func (e *SessionError) Error() string {
	return fmt.Sprintf("%s: %s could not be started: sshd refused the session: %v", e.Host, e.Command, e.Err)
}

// Unwrap returns the cause.
func (e *SessionError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *SessionError) Hint() string {
	return fmt.Sprintf("Up to %d sessions share a connection. Check MaxSessions in the machine's sshd_config (10 unless changed), "+
		"and that the account has a shell.", maxSessions)
}

// TunnelError is a connection that the machine could not, or would not, open for us.
type TunnelError struct {
	Host, Target string
	Err          error
}

func (e *TunnelError) Error() string {
	return fmt.Sprintf("tunnel through %s to %s: %s", e.Host, e.Target, e.why())
}

// Unwrap returns the cause.
func (e *TunnelError) Unwrap() error { return e.Err }

func (e *TunnelError) prohibited() bool {
	var refused *ssh.OpenChannelError
	return errors.As(e.Err, &refused) && refused.Reason == ssh.Prohibited
}

func (e *TunnelError) why() string {
	var refused *ssh.OpenChannelError
	switch {
	case e.prohibited():
		return e.Host + " does not allow forwarding"
	case errors.As(e.Err, &refused):
		return fmt.Sprintf("%s cannot reach it: %s", e.Host, strings.ToLower(refused.Message))
	case errors.Is(e.Err, errNoAnswer), isTimeout(e.Err):
		return "no answer"
	}
	return e.Err.Error()
}

// Hint implements the hint of an error.
func (e *TunnelError) Hint() string {
	if e.prohibited() {
		return fmt.Sprintf("Set `AllowTcpForwarding yes` (or `local`) in the sshd_config of %s, check PermitOpen there, and reload sshd.", e.Host)
	}
	return fmt.Sprintf("Check on %s that something listens at %s and that no firewall is in between.", e.Host, e.Target)
}

// LostError is a connection that broke while a command ran: whether it was carried out is unknown.
type LostError struct {
	Host, Command string
	Err           error
}

func (e *LostError) Error() string {
	why := "the connection was lost"
	if errors.Is(e.Err, errPeerDead) {
		why = "the machine stopped answering"
	}
	return fmt.Sprintf("%s: %s during %s", e.Host, why, e.Command)
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *LostError) Hint() string {
	return "Whether it was carried out is unknown. Check that the machine is up and reachable, then run again: what is done already is found and left alone."
}

// InterruptedError is a command that was given up because time was over or the run was stopped. The machine may still
// be at it.
type InterruptedError struct {
	Host, Command string
	Err           error
}

func (e *InterruptedError) Error() string {
	if errors.Is(e.Err, context.Canceled) {
		return fmt.Sprintf("%s: %s was interrupted", e.Host, e.Command)
	}
	return fmt.Sprintf("%s: %s took too long", e.Host, e.Command)
}

// Unwrap returns the cause.
func (e *InterruptedError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *InterruptedError) Hint() string {
	if errors.Is(e.Err, context.Canceled) {
		return "The run was interrupted. Run it again: what is done already is found and left alone."
	}
	return "The machine is slow or stuck. `timeouts` of the resource allow more time."
}

// ExitError is a command that ran and failed.
type ExitError struct {
	Host, Command string
	Code          int
	Signal        string // what killed it, if anything did
	Output        string // its last words
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("failed with exit status %d", e.Code)
	if e.Signal != "" {
		how = "was killed by SIG" + e.Signal
	}
	text := fmt.Sprintf("%s: %s %s", e.Host, e.Command, how)
	if e.Output == "" {
		return text + " and said nothing"
	}
	return text + ":\n" + e.Output
}

// Hint implements the hint of an error.
func (e *ExitError) Hint() string {
	switch {
	case e.Code == 127:
		return "A program is missing on " + e.Host + ". Install it, or put it in the search path of root."
	case e.Signal == "KILL", e.Code == 137:
		return "Something killed it, most often the kernel for want of memory: `journalctl -k` on " + e.Host + " tells."
	}
	return ""
}

// SudoReason is why sudo did not make us root.
type SudoReason int

// The reasons sudo has.
const (
	SudoRefused SudoReason = iota
	SudoMissing
	SudoNeedsPassword
	SudoWrongPassword
	SudoNotAllowed
	SudoNeedsTerminal
)

// SudoError is a user who cannot become root.
type SudoError struct {
	Host, User string
	Reason     SudoReason
	Output     string // sudo's own words
}

func (e *SudoError) Error() string {
	why := map[SudoReason]string{
		SudoRefused:       "sudo refused",
		SudoMissing:       "there is no sudo",
		SudoNeedsPassword: "sudo asks for a password",
		SudoWrongPassword: "sudo does not take the password",
		SudoNotAllowed:    "sudo does not allow it",
		SudoNeedsTerminal: "sudo wants a terminal",
	}[e.Reason]
	text := fmt.Sprintf("%s: %q cannot become root: %s", e.Host, e.User, why)
	if e.Output != "" {
		text += ":\n" + e.Output
	}
	return text
}

// Hint implements the hint of an error.
func (e *SudoError) Hint() string {
	switch e.Reason {
	case SudoMissing:
		return "Install sudo on the machine, or log in as root: `user` in `ssh`."
	case SudoNeedsPassword:
		return fmt.Sprintf("Set `sudo_password` in the provider's `ssh` block, or allow %s sudo without one: "+
			"`%s ALL=(ALL) NOPASSWD: ALL` in a file under /etc/sudoers.d.", e.User, e.User)
	case SudoWrongPassword:
		return "Check `sudo_password` in the provider's `ssh` block: it is the password of the user who logs in, not that of root."
	case SudoNotAllowed:
		return fmt.Sprintf("Allow it: `%s ALL=(ALL) NOPASSWD: ALL` in a file under /etc/sudoers.d, or use another `user`.", e.User)
	case SudoNeedsTerminal:
		return fmt.Sprintf("Take the machine's requiretty away for this user: `Defaults:%s !requiretty` in a file under /etc/sudoers.d.", e.User)
	}
	return fmt.Sprintf("Log in as %s and try `sudo -n true`.", e.User)
}

// JobLostError is a job that ended without telling how: the machine was restarted, or somebody stopped it.
type JobLostError struct {
	Host, Job string
	Output    string // its last words, as far as they came
}

func (e *JobLostError) Error() string {
	text := fmt.Sprintf("%s: %s ended without a result: the machine was restarted, or %s was stopped", e.Host, e.Job, unit(e.Job))
	if e.Output == "" {
		return text
	}
	return text + "; its last words:\n" + e.Output
}

// Hint implements the hint of an error.
func (e *JobLostError) Hint() string {
	return fmt.Sprintf("`journalctl -u %s` on %s tells more. Run again: what is done already is found and left alone.", unit(e.Job), e.Host)
}

// JobTimeoutError is a job that was ended because it took longer than allowed.
type JobTimeoutError struct {
	Host, Job string
	Timeout   time.Duration
	Output    string // its last words
}

func (e *JobTimeoutError) Error() string {
	text := fmt.Sprintf("%s: %s was stopped after %s", e.Host, e.Job, e.Timeout)
	if e.Output == "" {
		return text + "; it said nothing"
	}
	return text + "; its last words:\n" + e.Output
}

// Hint implements the hint of an error.
func (e *JobTimeoutError) Hint() string {
	return "The machine is slow or stuck: its last words say at what. `timeouts` of the resource allow more time."
}

// isConnectionTrouble reports whether err is one of the way to a machine, which may pass.
func isConnectionTrouble(err error) bool {
	var dns *net.DNSError
	switch {
	case errors.As(err, new(*HostKeyChangedError)), errors.As(err, new(*UnknownHostKeyError)), errors.As(err, new(*ConfigError)),
		errors.As(err, new(*AuthError)), errors.As(err, new(*ssh.AlgorithmNegotiationError)),
		errors.As(err, &dns) && dns.IsNotFound, errors.Is(err, context.Canceled):
		return false
	}
	return errors.As(err, new(*ConnectError)) || errors.As(err, new(*LostError))
}
