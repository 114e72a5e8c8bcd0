package wire

import (
	"bytes"
	"context"
)

// Sound reports whether the framework accepts all values of a state.
func (s *Schema) Sound(ctx context.Context, state []byte) bool {
	x := &scanner{data: state}
	return !x.isNil() && s.root.sound(ctx, x) && x.at == len(state)
}

// Steady reports whether a plan stays what the prior state is: nothing is
// proposed that differs, no default says otherwise, and no value is one that
// the framework refuses (fwserver/server_planresourcechange.go). What the
// resource does about its plan is not asked.
func (s *Schema) Steady(ctx context.Context, config, prior, proposed []byte) bool {
	if len(s.changing) > 0 {
		return false
	}
	p := plan{config: &scanner{data: config}, prior: &scanner{data: prior}, proposed: &scanner{data: proposed}}
	if p.prior.isNil() || p.proposed.isNil() || p.config.isNil() {
		return false // created, destroyed
	}
	return p.same(ctx, s.root, true) && p.prior.at == len(prior) && p.proposed.at == len(proposed) && p.config.at == len(config)
}

// plan is walked over with configuration, prior and proposed state side by side.
type plan struct{ config, prior, proposed *scanner }

// same compares one value. configured: the configuration has one too, so that
// its scanner moves along; otherwise it is null further up.
func (p *plan) same(ctx context.Context, s *shape, configured bool) bool {
	if p.prior.isUnknown() || configured && p.config.isUnknown() {
		return false
	}
	if s.kind != kindObject || s.plain || p.prior.isNil() || p.proposed.isNil() {
		return p.equal(ctx, s) && (!configured || p.config.skip() == nil)
	}
	if configured && p.config.isNil() {
		p.config.at++
		configured = false
	}
	return p.attributes(ctx, s, configured)
}

// equal compares a value as a whole.
func (p *plan) equal(ctx context.Context, s *shape) bool {
	prior, err := p.prior.raw()
	if err != nil || !p.proposed.key(prior) {
		return false
	}
	return s.plain || s.sound(ctx, &scanner{data: prior})
}

func (p *plan) attributes(ctx context.Context, s *shape, configured bool) bool {
	all := []*scanner{p.prior, p.proposed, p.config}
	if !configured {
		all = all[:2]
	}
	for _, x := range all {
		if n, err := x.mapLength(); err != nil || n != len(s.attributes) {
			return false
		}
	}
	for i := range s.attributes {
		a := &s.attributes[i]
		for _, x := range all {
			if !x.key(a.key) {
				return false
			}
		}
		if !p.attribute(ctx, a, configured) {
			return false
		}
	}
	return true
}

func (p *plan) attribute(ctx context.Context, a *attribute, configured bool) bool {
	if a.writeOnly {
		// State has none, and none is planned whatever is proposed.
		return p.prior.isNil() && p.prior.skip() == nil && p.proposed.skip() == nil && (!configured || p.config.skip() == nil)
	}
	if a.fallback != nil && (!configured || p.config.isNil()) {
		look := *p.prior
		if raw, err := look.raw(); err != nil || !bytes.Equal(raw, a.fallback) {
			return false
		}
	}
	return p.same(ctx, a.shape, configured)
}
