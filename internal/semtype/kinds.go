package semtype

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go4.org/netipx"
)

// The kinds of strings, each with its type, its value and its constructor. The
// constructors turn "" into null.
type (
	// Address is an IPv4 or IPv6 address.
	Address = Value[address]
	// AddressType is the type of Address.
	AddressType = Type[address]
	// Prefix is a network in CIDR notation without host bits.
	Prefix = Value[prefix]
	// PrefixType is the type of Prefix.
	PrefixType = Type[prefix]
	// Range is a range of addresses, as "first-last" or in CIDR notation.
	Range = Value[addressRange]
	// RangeType is the type of Range.
	RangeType = Type[addressRange]
	// Duration is a length of time in Go's notation: "90s", "1h30m".
	Duration = Value[duration]
	// DurationType is the type of Duration.
	DurationType = Type[duration]
	// URL is an absolute http or https URL.
	URL = Value[absoluteURL]
	// URLType is the type of URL.
	URLType = Type[absoluteURL]
	// ASNumber is the number of an autonomous system, plain or in asdot
	// notation (RFC 5396): 64512, 4200000000, "1.10".
	ASNumber = Value[asNumber]
	// ASNumberType is the type of ASNumber.
	ASNumberType = Type[asNumber]
)

// NewAddress returns s as an Address.
func NewAddress(s string) Address { return newValue[address](s) }

// NewPrefix returns s as a Prefix.
func NewPrefix(s string) Prefix { return newValue[prefix](s) }

// NewRange returns s as a Range.
func NewRange(s string) Range { return newValue[addressRange](s) }

// NewDuration returns s as a Duration.
func NewDuration(s string) Duration { return newValue[duration](s) }

// NewURL returns s as a URL.
func NewURL(s string) URL { return newValue[absoluteURL](s) }

// NewASNumber returns n as an ASNumber; 0, which is no AS, as null.
func NewASNumber(n uint32) ASNumber {
	if n == 0 {
		return newValue[asNumber]("")
	}
	return newValue[asNumber](strconv.FormatUint(uint64(n), 10))
}

// ParseASNumber reads plain and asdot notation.
func ParseASNumber(s string) (uint32, error) {
	high, low, dotted := strings.Cut(s, ".")
	if !dotted {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || n == 0 || n > 1<<32-1 {
			return 0, errors.New("want a number from 1 to 4294967295")
		}
		return uint32(n), nil
	}
	h, errHigh := strconv.ParseUint(high, 10, 16)
	l, errLow := strconv.ParseUint(low, 10, 16)
	if errHigh != nil || errLow != nil || h == 0 && l == 0 {
		return 0, errors.New(`want asdot notation such as "1.10", both parts from 0 to 65535`)
	}
	return uint32(h)<<16 | uint32(l), nil
}

// ParseRange reads "first-last" and CIDR notation.
func ParseRange(s string) (netipx.IPRange, error) {
	if strings.Contains(s, "/") {
		p, err := parsePrefix(s)
		if err != nil {
			return netipx.IPRange{}, err
		}
		return netipx.RangeOfPrefix(p), nil
	}
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return netipx.IPRange{}, errors.New(`want "first-last" or CIDR notation`)
	}
	from, err := netip.ParseAddr(strings.TrimSpace(first))
	if err != nil {
		return netipx.IPRange{}, errors.New("its first address does not parse")
	}
	to, err := netip.ParseAddr(strings.TrimSpace(last))
	if err != nil {
		return netipx.IPRange{}, errors.New("its last address does not parse")
	}
	switch {
	case from.Is4() != to.Is4():
		return netipx.IPRange{}, errors.New("it mixes IPv4 and IPv6")
	case to.Less(from):
		return netipx.IPRange{}, fmt.Errorf("it runs backwards; did you mean %s-%s?", to, from)
	}
	return netipx.IPRangeFrom(from, to), nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, errors.New("want CIDR notation such as 10.64.0.0/16")
	}
	if masked := p.Masked(); masked != p {
		return p, fmt.Errorf("it has host bits set; did you mean %s?", masked)
	}
	return p, nil
}

type address struct{}

func (address) Name() string { return "an IP address" }

func (address) Canonical(s string) (string, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return "", errors.New("want IPv4 such as 192.0.2.1 or IPv6 such as 2001:db8::1")
	}
	return a.String(), nil
}

type prefix struct{}

func (prefix) Name() string { return "a network" }

func (prefix) Canonical(s string) (string, error) {
	p, err := parsePrefix(s)
	return p.String(), err
}

type addressRange struct{}

func (addressRange) Name() string { return "a range of addresses" }

func (addressRange) Canonical(s string) (string, error) {
	r, err := ParseRange(s)
	return r.String(), err
}

type duration struct{}

func (duration) Name() string { return "a duration" }

func (duration) Canonical(s string) (string, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return "", errors.New(`want a number with a unit such as "90s" or "1h30m"`)
	}
	return d.String(), nil
}

type absoluteURL struct{}

func (absoluteURL) Name() string { return "a URL" }

func (absoluteURL) Canonical(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("want http:// or https:// and a host")
	}
	u.Host = strings.ToLower(u.Host)
	return strings.TrimSuffix(u.String(), "/"), nil
}

type asNumber struct{}

func (asNumber) Name() string { return "an AS number" }

func (asNumber) Canonical(s string) (string, error) {
	n, err := ParseASNumber(s)
	return strconv.FormatUint(uint64(n), 10), err
}
