package plan

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// leadTo are the attributes, by type of resource, that say where a system takes
// the secrets that it keeps for an object. A change in place takes them along.
var leadTo = map[string][]string{
	"onprem_harbor_registry": {"url"},
	"onprem_guacamole_connection": {
		"ssh.hostname", "ssh.port", "rdp.hostname", "rdp.port", "rdp.gateway_hostname", "rdp.gateway_port", "rdp.sftp_hostname", "rdp.sftp_port",
		"vnc.hostname", "vnc.port", "vnc.sftp_hostname", "vnc.sftp_port", "telnet.hostname", "telnet.port", "kubernetes.hostname", "kubernetes.port",
	},
}

// Way is an address that leads elsewhere, as HCL has it; an empty one is absent.
type Way struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// ways are the addresses that an update in place changes.
func (l *loader) ways(resourceType string, values pair) []Way {
	var ways []Way
	for _, path := range leadTo[resourceType] {
		p := values
		for step := range strings.SplitSeq(path, ".") {
			p = p.child(at(p.before, step), at(p.after, step), step)
		}
		if p.before == nil && p.after == nil && p.unknown != true || sameOrigin(p.before, p.after) {
			continue
		}
		d := differ{mask: l.mask}
		d.walk(path, p)
		for _, a := range d.attrs {
			ways = append(ways, Way{a.Path, a.Before, a.After})
		}
	}
	slices.SortFunc(ways, func(a, b Way) int { return cmp.Compare(a.Path, b.Path) })
	return ways
}

// sameOrigin reports whether two addresses are URLs that lead to the same
// scheme, host and port.
func sameOrigin(before, after any) bool {
	old, isOld := before.(string)
	now, isNow := after.(string)
	if !isOld || !isNow {
		return false
	}
	a, errA := url.Parse(old)
	b, errB := url.Parse(now)
	return errA == nil && errB == nil && a.Host != "" && a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}
