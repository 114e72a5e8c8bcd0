package remote

import (
	"context"
	"errors"
	"sync"
)

// Pool keeps one connection per machine for the length of an operation. Bastions are shared, too: an sshd that sees
// many logins at once drops some. The zero value is ready for use.
type Pool struct {
	mu     sync.Mutex
	conns  map[string]*Conn
	closed bool
}

var errPoolClosed = errors.New("the operation is over: no more connections")

// Get returns the connection to a machine, a new one where there is none.
func (p *Pool) Get(ctx context.Context, config Config) (*Conn, error) {
	c, err := p.conn(config)
	if err != nil {
		return nil, err
	}
	return c, c.Connect(ctx)
}

func (p *Pool) conn(config Config) (*Conn, error) {
	var bastion *Conn
	if config.Bastion != nil {
		var err error
		if bastion, err = p.conn(*config.Bastion); err != nil {
			return nil, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errPoolClosed
	}
	key := config.route()
	if c := p.conns[key]; c != nil {
		return c, nil
	}
	if p.conns == nil {
		p.conns = map[string]*Conn{}
	}
	c := newConn(config, bastion)
	p.conns[key] = c
	return c, nil
}

// route is the way to a machine: users and addresses, bastions included.
func (c Config) route() string {
	c = c.withDefaults()
	route := c.User + "@" + c.address()
	if c.Bastion != nil {
		route += " via " + c.Bastion.route()
	}
	return route
}

// Close ends all connections.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, c := range p.conns {
		errs = append(errs, c.Close())
	}
	p.conns = nil
	return errors.Join(errs...)
}
