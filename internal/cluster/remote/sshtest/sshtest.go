// Package sshtest is an SSH server for tests: it checks keys and passwords, hands commands and forwarded connections to
// functions, and breaks on demand in the ways that networks and machines do.
package sshtest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Options is what a server is made of.
type Options struct {
	Listen   string // "127.0.0.1:0" when empty
	User     string // who may log in; everybody when empty
	Password string // logs in as well, when set
	Dialogue bool   // asks for the password by keyboard-interactive, as PAM does, and not by password
	// Keys log in, beside the one that PrivateKey returns.
	Keys []ssh.PublicKey
	// HostKeys are shown to clients; an Ed25519 key is made when there are none.
	HostKeys []ssh.Signer
	// Algorithms are what protects the transport, the library's defaults when empty.
	Algorithms ssh.Config
	// Exec carries out a command and returns its exit status. Commands are refused when nil.
	Exec func(*Exec) int
	// Dial opens forwarded connections. Forwarding is prohibited when nil.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// MaxSessions of a connection, as OpenSSH's, 10 when 0.
	MaxSessions int
}

// Exec is a command under way. Context ends when the client closes the session or sends it a signal, or the connection
// is lost.
type Exec struct {
	Context        context.Context
	User           string
	Command        string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Server is an SSH server.
type Server struct {
	options Options
	key     ssh.PublicKey
	private string
	address string

	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]struct{}
	hang     bool
	cutAfter int64
	accepted int
	sessions int
	peak     int
	commands []string
	wait     sync.WaitGroup
}

// Start starts a server that ends with the test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.MaxSessions == 0 {
		o.MaxSessions = 10
	}
	if len(o.HostKeys) == 0 {
		_, key := NewKey(tb)
		o.HostKeys = []ssh.Signer{key}
	}
	private, signer := NewKey(tb)
	s := &Server{options: o, key: signer.PublicKey(), private: private, address: o.Listen, conns: map[*conn]struct{}{}}
	if err := s.Up(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Down()
		s.wait.Wait()
	})
	return s
}

// NewKey returns a new Ed25519 key, in PEM and ready to sign.
func NewKey(tb testing.TB) (private string, signer ssh.Signer) {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	if signer, err = ssh.NewSignerFromKey(key); err != nil {
		tb.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		tb.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), signer
}

// Authorized is a public key in the form of authorized_keys.
func Authorized(key ssh.PublicKey) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// Host is the server's address without the port.
func (s *Server) Host() string {
	host, _, _ := net.SplitHostPort(s.address)
	return host
}

// Port is the server's port.
func (s *Server) Port() int {
	_, text, _ := net.SplitHostPort(s.address)
	port, _ := strconv.Atoi(text)
	return port
}

// PrivateKey is a key, in PEM, that logs in.
func (s *Server) PrivateKey() string { return s.private }

// HostKey is the first host key, in the form of authorized_keys.
func (s *Server) HostKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Authorized(s.options.HostKeys[0].PublicKey())
}

// SetHostKeys changes the host keys, for connections to come.
func (s *Server) SetHostKeys(keys ...ssh.Signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.HostKeys = keys
}

// Up listens again after Down, at the same address.
func (s *Server) Up() error {
	listener, err := net.Listen("tcp", s.address) //nolint:noctx // of a test
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.listener, s.address = listener, listener.Addr().String()
	s.mu.Unlock()
	s.wait.Go(func() { s.accept(listener) })
	return nil
}

// Down refuses connections and cuts those there are, as a machine that restarts.
func (s *Server) Down() {
	s.mu.Lock()
	if s.listener != nil {
		s.listener.Close()
	}
	s.listener = nil
	s.mu.Unlock()
	s.Cut()
}

// Cut cuts all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// CutAfter cuts the next connection when the client has sent n bytes on it.
func (s *Server) CutAfter(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutAfter = n
}

// Hang accepts further connections but says nothing on them, until it is given false.
func (s *Server) Hang(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang = on
}

// Freeze stops all connections there are without closing them, as a machine that lost its power.
func (s *Server) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.freeze()
	}
}

// Connections counts the connections that came in.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// PeakSessions is the largest number of sessions that were open at once.
func (s *Server) PeakSessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// Commands are the command lines that came in.
func (s *Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

func (s *Server) accept(listener net.Listener) {
	for {
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		c := &conn{Conn: raw, left: s.cutAfter, gone: make(chan struct{}), frozen: make(chan struct{})}
		s.cutAfter = 0
		s.accepted++
		s.conns[c] = struct{}{}
		hang := s.hang
		s.mu.Unlock()
		s.wait.Go(func() {
			defer s.forget(c)
			if hang {
				<-c.gone
				return
			}
			s.serve(c)
		})
	}
}

func (s *Server) forget(c *conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) config() *ssh.ServerConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.options
	right := func(ok bool) (*ssh.Permissions, error) {
		if ok {
			return nil, nil // no permissions of its own
		}
		return nil, errors.New("refused")
	}
	knows := func(user string) bool { return o.User == "" || o.User == user }
	config := &ssh.ServerConfig{
		Config: o.Algorithms,
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			for _, k := range append([]ssh.PublicKey{s.key}, o.Keys...) {
				if string(k.Marshal()) == string(key.Marshal()) {
					return right(knows(m.User()))
				}
			}
			return right(false)
		},
	}
	switch {
	case o.Password != "" && o.Dialogue:
		config.KeyboardInteractiveCallback = func(m ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			return right(err == nil && len(answers) == 1 && answers[0] == o.Password && knows(m.User()))
		}
	case o.Password != "":
		config.PasswordCallback = func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return right(string(password) == o.Password && knows(m.User()))
		}
	}
	for _, key := range o.HostKeys {
		config.AddHostKey(key)
	}
	return config
}

func (s *Server) serve(c *conn) {
	server, channels, requests, err := ssh.NewServerConn(c, s.config())
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var open sync.WaitGroup
	defer open.Wait()
	go func() {
		for r := range requests {
			_ = r.Reply(r.Type == "keepalive@openssh.com", nil)
		}
	}()
	slots := make(chan struct{}, s.options.MaxSessions)
	for channel := range channels {
		switch channel.ChannelType() {
		case "session":
			select {
			case slots <- struct{}{}:
				open.Go(func() { s.session(ctx, server.User(), channel); <-slots })
			default:
				_ = channel.Reject(ssh.ConnectionFailed, "open failed")
			}
		case "direct-tcpip":
			open.Go(func() { s.forward(ctx, channel) })
		default:
			_ = channel.Reject(ssh.UnknownChannelType, "unknown channel type")
		}
	}
	cancel()
}

// session serves one session: the first "exec" is its command.
func (s *Server) session(ctx context.Context, user string, request ssh.NewChannel) {
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.count(+1)
	defer s.count(-1)
	started := make(chan string, 1)
	go func() {
		defer cancel()
		for r := range requests {
			var payload struct{ Command string }
			if r.Type == "signal" {
				cancel()
			}
			if r.Type != "exec" || ssh.Unmarshal(r.Payload, &payload) != nil || s.options.Exec == nil {
				_ = r.Reply(false, nil)
				continue
			}
			_ = r.Reply(true, nil)
			started <- payload.Command
		}
	}()
	select {
	case <-ctx.Done():
		return
	case command := <-started:
		s.mu.Lock()
		s.commands = append(s.commands, command)
		s.mu.Unlock()
		code := s.options.Exec(&Exec{ctx, user, command, channel, channel, channel.Stderr()})
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(code)}))
	}
}

func (s *Server) count(delta int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions += delta
	s.peak = max(s.peak, s.sessions)
}

func (s *Server) forward(ctx context.Context, request ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	if ssh.Unmarshal(request.ExtraData(), &target) != nil || s.options.Dial == nil {
		_ = request.Reject(ssh.Prohibited, "administratively prohibited")
		return
	}
	out, err := s.options.Dial(ctx, "tcp", net.JoinHostPort(target.Host, strconv.Itoa(int(target.Port))))
	if err != nil {
		var errno syscall.Errno // all that OpenSSH says
		if errors.As(err, &errno) {
			err = errno
		}
		_ = request.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer out.Close()
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(out, channel)
		out.Close()
	}()
	_, _ = io.Copy(channel, out)
	channel.Close()
}

// Shell runs the command by /bin/sh, after edit has had a look at it. It is meant to be called by Options.Exec.
func (e *Exec) Shell(edit func(*exec.Cmd)) int {
	cmd := exec.CommandContext(e.Context, "/bin/sh", "-c", e.Command)
	cmd.Stdout, cmd.Stderr = e.Stdout, e.Stderr
	if edit != nil {
		edit(cmd)
	}
	// Not cmd.Stdin: Wait would wait for the client to close it.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 255
	}
	if err := cmd.Start(); err != nil {
		return 127
	}
	go func() {
		_, _ = io.Copy(stdin, e.Stdin)
		stdin.Close()
	}()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	return 255
}

// conn is a connection that can freeze, and end after a number of bytes from the client.
type conn struct {
	net.Conn
	left   int64 // 0: no end
	ending sync.Once
	gone   chan struct{}
	icing  sync.Once
	frozen chan struct{}
}

func (c *conn) freeze() { c.icing.Do(func() { close(c.frozen) }) }

func (c *conn) Close() error {
	c.ending.Do(func() { close(c.gone) })
	return c.Conn.Close()
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.hold()
	if c.left > 0 {
		if c.left -= int64(n); c.left <= 0 {
			c.Close()
			return 0, net.ErrClosed
		}
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.hold()
	return c.Conn.Write(p)
}

// hold keeps a frozen connection where it is.
func (c *conn) hold() {
	select {
	case <-c.frozen:
		<-c.gone
	default:
	}
}
