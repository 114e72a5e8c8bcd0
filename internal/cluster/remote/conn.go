package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/semaphore"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// A dead peer is one that leaves a keep-alive unanswered. Variables so that tests need not wait.
var (
	keepAliveEvery = 5 * time.Second
	keepAliveFor   = 10 * time.Second
)

// bootingFor is how long a machine may refuse a login and still be waited for: while it boots, sshd runs already but
// PAM admits nobody but root.
const bootingFor = time.Minute

var (
	errNoAnswer = errors.New("no answer")
	errPeerDead = errors.New("the machine does not answer any more")
)

// Conn is a connection to one machine. When it is lost, the next use connects again. Methods may be called
// concurrently.
type Conn struct {
	config  Config
	secrets *mask.Secrets // not to be shown in what a machine says
	bastion *Conn         // may be nil
	owned   bool          // the bastion is closed with this connection

	sessions *semaphore.Weighted
	dialing  *semaphore.Weighted // a mutex that a context can leave
	rooting  *semaphore.Weighted // likewise, around sudo

	mu     sync.Mutex
	live   *live
	closed bool
	sudo   sudoMode
}

// live is one connection, from the handshake to its end.
type live struct {
	client *ssh.Client
	dead   chan struct{} // closed when it ended
	cause  error         // why; read it after dead
}

// Dial connects to a machine, at once or not at all.
func Dial(ctx context.Context, config Config) (*Conn, error) {
	return dial(ctx, config, nil, (*Conn).Connect)
}

// DialWait connects to a machine that may not be up yet: it tries until ctx ends. What waiting cannot mend, a changed
// host key or refused credentials, ends it at once.
func DialWait(ctx context.Context, config Config) (*Conn, error) {
	return dial(ctx, config, nil, (*Conn).ConnectWait)
}

func dial(ctx context.Context, config Config, bastion *Conn, connect func(*Conn, context.Context) error) (*Conn, error) {
	c := newConn(config, bastion)
	if config.Bastion != nil && bastion == nil {
		c.bastion, c.owned = newConn(*config.Bastion, nil), true
	}
	if err := connect(c, ctx); err != nil {
		_ = c.Close() // of what did not come about
		return nil, err
	}
	return c, nil
}

func newConn(config Config, bastion *Conn) *Conn {
	return &Conn{
		config: config.withDefaults(), secrets: config.secrets(), bastion: bastion,
		sessions: semaphore.NewWeighted(maxSessions),
		dialing:  semaphore.NewWeighted(1),
		rooting:  semaphore.NewWeighted(1),
	}
}

// Host is the machine's name or address, as configured.
func (c *Conn) Host() string { return c.config.Host }

// Close ends the connection. Jobs go on.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	var errs []error
	if c.live != nil {
		errs = append(errs, c.live.close())
		c.live = nil
	}
	if c.owned {
		errs = append(errs, c.bastion.Close())
	}
	return errors.Join(errs...)
}

// Connect makes sure that there is a connection.
func (c *Conn) Connect(ctx context.Context) error {
	_, err := c.client(ctx)
	return err
}

// ConnectWait is Connect for a machine that may be down: it tries until ctx ends.
func (c *Conn) ConnectWait(ctx context.Context) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 5*time.Second
	begin := time.Now()
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		_, err := c.client(ctx)
		if err == nil {
			return struct{}{}, nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // and not that the waiting was over
		}
		var refused *AuthError
		if isConnectionTrouble(err) || errors.As(err, &refused) && time.Since(begin) < bootingFor {
			return struct{}{}, err
		}
		return struct{}{}, backoff.Permanent(err)
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(0))
	if err != nil && last != nil {
		return last
	}
	return err
}

// client returns the connection, a new one when there is none or it was lost.
func (c *Conn) client(ctx context.Context) (*live, error) {
	if err := c.dialing.Acquire(ctx, 1); err != nil {
		return nil, c.failed(err)
	}
	defer c.dialing.Release(1)
	current, err := c.current()
	if current != nil || err != nil {
		return current, err
	}
	current, err = c.connect(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.Join(net.ErrClosed, current.close())
	}
	c.live = current
	return current, nil
}

func (c *Conn) current() (*live, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, net.ErrClosed
	}
	if c.live == nil || c.live.isDead() {
		return nil, nil // none is an answer here
	}
	return c.live, nil
}

// connect tries the kinds of host keys that the pins may be of. None of the machine's secrets or ours is spoken of
// before the host key is found right.
func (c *Conn) connect(ctx context.Context) (*live, error) {
	login, err := c.config.login()
	if err != nil {
		return nil, err
	}
	keys, err := c.config.hostKeys()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	var first error // a key that is not the pinned one says more than the lack of one
	for _, algorithms := range keys.algorithms {
		client, err := c.handshake(ctx, login, algorithms, keys.check)
		if err == nil {
			c.config.log(ctx, "connected", map[string]any{"user": c.config.User, "duration": time.Since(begin).String()})
			return watch(client), nil
		}
		var changed *HostKeyChangedError
		var negotiation *ssh.AlgorithmNegotiationError
		if !errors.As(err, &changed) && !errors.As(err, &negotiation) {
			return nil, err
		}
		if first == nil || changed != nil && !errors.As(first, new(*HostKeyChangedError)) {
			first = err
		}
	}
	return nil, first
}

func (c *Conn) handshake(ctx context.Context, login *login, algorithms []string, check func(ssh.PublicKey, net.Addr) error) (*ssh.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.ConnectTimeout, errNoAnswer)
	defer cancel()
	conn, err := c.dialTCP(ctx)
	if err != nil {
		return nil, c.failed(causeOf(ctx, err))
	}
	// Closing is what ends a handshake early: the connections through a bastion know no deadlines.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	var keyErr error
	known := false
	client, channels, requests, err := ssh.NewClientConn(conn, c.config.address(), &ssh.ClientConfig{
		Config: c.config.algorithms(),
		User:   c.config.User, Auth: login.methods(), HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, remote net.Addr, key ssh.PublicKey) error {
			keyErr = check(key, remote)
			known = keyErr == nil
			return keyErr
		},
	})
	switch {
	case err == nil && stop():
		return ssh.NewClient(client, channels, requests), nil
	case err == nil:
		conn.Close()
		return nil, c.failed(context.Cause(ctx))
	case keyErr != nil:
		return nil, keyErr
	case ctx.Err() != nil:
		return nil, c.failed(causeOf(ctx, err))
	case known && !isCut(err):
		return nil, &AuthError{Host: c.config.Host, Port: c.config.Port, User: c.config.User, Tried: login.attempts(), Err: err}
	}
	return nil, c.failed(err)
}

func (c *Conn) dialTCP(ctx context.Context) (net.Conn, error) {
	if c.bastion == nil {
		return (&net.Dialer{}).DialContext(ctx, "tcp", c.config.address())
	}
	if err := c.bastion.Connect(ctx); err != nil {
		return nil, &bastionError{err}
	}
	return c.bastion.DialContext(ctx, "tcp", c.config.address())
}

// failed words why no connection came about.
func (c *Conn) failed(err error) error {
	e := &ConnectError{Host: c.config.Host, Port: c.config.Port, Err: err}
	if c.bastion != nil {
		e.Bastion = c.bastion.config.address()
	}
	return e
}

// causeOf is the reason why ctx ended, when it did.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// isCut reports whether the other side hung up without a word.
func isCut(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// DialContext opens a connection from the machine to addr, through SSH. Deadlines cannot be set on it; a lost
// machine ends it with an error.
func (c *Conn) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	live, err := c.client(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := live.client.DialContext(ctx, network, addr)
	if err == nil {
		return conn, nil
	}
	select {
	case <-live.dead:
		err = live.cause
	default:
	}
	return nil, &TunnelError{Host: c.config.Host, Target: addr, Err: causeOf(ctx, err)}
}

// watch follows a connection until its end.
func watch(client *ssh.Client) *live {
	l := &live{client: client, dead: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- client.Wait() }()
	go func() {
		l.cause = l.keepAlive(ended)
		close(l.dead)
		client.Close()
	}()
	return l
}

// keepAlive returns why the connection ended: by itself, or because the machine left a question unanswered.
func (l *live) keepAlive(ended <-chan error) error {
	tick := time.NewTicker(keepAliveEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-tick.C:
		}
		answered := make(chan error, 1)
		go func() {
			_, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil)
			answered <- err
		}()
		select {
		case err := <-ended:
			return err
		case err := <-answered:
			if err != nil {
				return err
			}
		case <-time.After(keepAliveFor):
			return errPeerDead
		}
	}
}

func (l *live) isDead() bool {
	select {
	case <-l.dead:
		return true
	default:
		return false
	}
}

// close ends the connection and waits for those who watch it.
func (l *live) close() error {
	err := l.client.Close()
	<-l.dead
	if errors.Is(err, net.ErrClosed) || isCut(err) {
		return nil
	}
	return err
}
