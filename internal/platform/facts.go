package platform

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"go4.org/netipx"
)

// facts are what the rules about networks and applications read in the inputs
// of this project's own modules, wherever those come from. Nothing else in the
// generator knows these modules, or what their inputs mean.
type facts struct {
	networks     []*network
	byPlace      map[string]*network
	pools        []pool
	others       []*speaker // beside Calico: MetalLB and kube-vip, as far as they speak BGP
	ranges       []*addresses
	lans         map[string]*addresses // networks of the machines, by place
	vips         []vip
	routed       map[string]bool // places whose API address is announced by BGP
	routes       []route
	replications []replication
}

// network is a unit of the module network: Calico on the nodes of a cluster.
type network struct {
	*speaker
	mesh          value
	peers         value
	nodes         *addresses
	vip           *addresses
	announced     []*addresses // what Calico announces beside pods
	announcesMore bool         // what is not known yet
	named         []netip.Addr // by the site's attributes, such as gateway
}

// speaker is something with an AS number that peers with routers.
type speaker struct {
	unit     *Unit
	asNumber value
	sessions []session
	apart    string // how to keep out of the way of another speaker on the same nodes
}

// session is one peer of a speaker.
type session struct {
	*speaker
	local, remote value      // AS numbers
	peer          value      // its address
	address       netip.Addr // the same; invalid when it is not known
	allNodes      bool       // whether every node has the session
	distant       bool       // whether the inputs call the peer no neighbour
}

// pool is a pool of MetalLB.
type pool struct {
	value
	name      string
	advertise string
	peerless  bool // whether there is nobody to announce it to by BGP
	addresses []*addresses
}

// vip is the address of an API and the network of the nodes that hold it.
type vip struct {
	address, nodes *addresses
}

// kind says what addresses are for, as messages do.
type kind string

const (
	podRange          kind = "pod range"
	serviceRange      kind = "service range"
	nodeRange         kind = "node range"
	nodeAddress       kind = "node address"
	loadBalancerRange kind = "load-balancer range"
	apiAddress        kind = "API address"
	announcedRange    kind = "announced range" // of addresses that another range has as well
)

// addresses are a network, a range or a single address.
type addresses struct {
	value
	kind    kind
	set     netipx.IPRange // the zero value when they cannot be read
	problem string         // with the way they are written
	place   hcl.Range      // see where
}

// route is a route of Kong.
type route struct {
	value
	gateway string // what is the same for the units of one Kong
	name    string
}

// replication is a policy of Harbor that copies without anybody asking.
type replication struct {
	value
	name           string
	from, to       string // registries
	source, target string // projects, with wildcards
}

// checkValues runs the rules that look at values, across all units.
func (l *loader) checkValues() {
	f := l.facts()
	for _, check := range []func() hcl.Diagnostics{
		f.checkASNumbers, f.checkSessions, f.checkTwice, f.checkMesh, f.checkTwoSpeakers,
		f.checkAddresses, f.checkOverlaps, f.checkVIPs, f.checkPools,
		f.checkRoutes, f.checkReplications,
		l.checkSecretFlow,
	} {
		l.add(check()...)
	}
}

// facts reads all units.
func (l *loader) facts() *facts {
	f := &facts{byPlace: map[string]*network{}, lans: map[string]*addresses{}, routed: map[string]bool{}}
	for _, u := range l.Units {
		in := func(name string) value { return l.input(u, name) }
		switch u.Source.Module() {
		case "cluster":
			f.addCluster(u, in)
		case "network":
			f.addNetwork(u, in)
		case "load-balancer":
			f.addBalancer(u, in)
		case "gateway":
			f.addGateway(u, in, l.setting(u, "kong", "admin_url"))
		case "registry":
			f.addRegistry(u, in, l.setting(u, "harbor", "url"))
		}
	}
	return f
}

func (f *facts) addCluster(u *Unit, in func(string) value) {
	nodes, virtual := readAddresses(nodeRange, in("node_cidr")), in("virtual_ip")
	address := readAddresses(apiAddress, virtual.get("address"))
	f.ranges = append(f.ranges, nodes, address, readAddresses(podRange, in("pod_cidr")), readAddresses(serviceRange, in("service_cidr")))
	for _, node := range in("nodes").each() {
		f.ranges = append(f.ranges, readAddresses(nodeAddress, node.get("address")))
	}
	f.addMachines(u, nodes, address)

	bgp := virtual.get("bgp")
	s := &speaker{unit: u, asNumber: bgp.get("as_number"), apart: "Let kube-vip answer ARP (mode = \"arp\"), or peer with another router."}
	for _, peer := range bgp.get("peers").each() {
		s.sessions = append(s.sessions, session{
			speaker: s, local: s.asNumber, remote: peer.get("as_number"),
			peer: peer.get("address"), address: parsePeer(peer.get("address").text()),
		})
	}
	if len(s.sessions) > 0 {
		f.others = append(f.others, s)
	}
	f.routed[u.at()] = f.routed[u.at()] || virtual.get("mode").text() == "bgp"
}

// addMachines notes what both the module cluster and the module network say of
// a place.
func (f *facts) addMachines(u *Unit, nodes, address *addresses) {
	if nodes.set.IsValid() {
		f.lans[u.at()] = nodes
	}
	f.vips = append(f.vips, vip{address: address, nodes: nodes})
}

func (f *facts) addNetwork(u *Unit, in func(string) value) {
	n := &network{
		speaker: &speaker{unit: u, asNumber: in("as_number")},
		mesh:    in("node_to_node_mesh"),
		peers:   in("bgp_peers"),
		nodes:   readAddresses(nodeRange, in("node_cidr")),
		vip:     readAddresses(apiAddress, in("api_vip")),
		named:   u.Site.addresses(),
	}
	for _, peer := range n.peers.each() {
		n.sessions = append(n.sessions, session{
			speaker: n.speaker, local: n.asNumber, remote: peer.get("as_number"),
			peer: peer.get("peer_ip"), address: parsePeer(peer.get("peer_ip").text()),
			allNodes: peer.get("node_selector").IsNull(), distant: peer.get("reachable_by").text() != "",
		})
	}
	for _, input := range []string{"service_cidrs", "service_load_balancer_ips"} {
		n.announcesMore = n.announcesMore || !in(input).IsWhollyKnown()
		for _, cidr := range in(input).each() {
			n.announced = append(n.announced, readAddresses(announcedRange, cidr))
		}
	}
	for _, p := range in("ip_pools").each() {
		f.ranges = append(f.ranges, readAddresses(podRange, p.get("cidr")))
	}
	f.ranges = append(f.ranges, n.nodes, n.vip, readAddresses(serviceRange, in("service_cidr")))
	f.ranges = append(f.ranges, n.announced...)
	f.addMachines(u, n.nodes, n.vip)
	f.networks = append(f.networks, n)
	f.byPlace[u.at()] = n
}

func (f *facts) addBalancer(u *Unit, in func(string) value) {
	s := &speaker{unit: u, apart: "Let Calico announce the addresses (service_load_balancer_ips of the network, advertise = \"none\" of the pools), " +
		"or give the sessions of MetalLB a VRF of their own."}
	peers := in("bgp_peers")
	for _, peer := range peers.each() {
		s.asNumber = peer.get("my_asn")
		s.sessions = append(s.sessions, session{
			speaker: s, local: s.asNumber, remote: peer.get("peer_asn"),
			peer: peer.get("peer_address"), address: parsePeer(peer.get("peer_address").text()),
			allNodes: true, distant: peer.get("ebgp_multi_hop").truth(false),
		})
	}
	if len(s.sessions) > 0 {
		f.others = append(f.others, s)
	}
	for name, v := range in("pools").each() {
		p := pool{value: v, name: name, advertise: "l2", peerless: peers.IsKnown() && len(s.sessions) == 0}
		if how := v.get("advertise"); !how.IsNull() {
			p.advertise = how.text()
		}
		for _, text := range v.get("addresses").each() {
			p.addresses = append(p.addresses, readAddresses(loadBalancerRange, text))
		}
		f.ranges = append(f.ranges, p.addresses...)
		f.pools = append(f.pools, p)
	}
}

func (f *facts) addGateway(u *Unit, in func(string) value, url string) {
	for _, service := range in("services").each() {
		for name, r := range service.get("routes").each() {
			if !r.IsWhollyKnown() {
				continue // it may match other requests than it seems to
			}
			f.routes = append(f.routes, route{value: r, gateway: system(u, url), name: name})
		}
	}
}

func (f *facts) addRegistry(u *Unit, in func(string) value, url string) {
	registries := in("registries")
	for name, v := range in("replications").each() {
		trigger := v.get("trigger").text()
		if trigger != "event_based" && trigger != "scheduled" || !v.get("enabled").truth(true) || !v.IsWhollyKnown() {
			continue
		}
		r := replication{value: v, name: name, from: system(u, url), to: system(u, url)}
		if src := v.get("src_registry").text(); src != "" {
			r.from = normalURL(registries.get(src).get("url").text())
		} else {
			r.to = normalURL(registries.get(v.get("dest_registry").text()).get("url").text())
		}
		r.source, _, _ = strings.Cut(v.get("filters").get("name").text(), "/")
		if r.source == "" {
			r.source = "**"
		}
		r.target = r.source
		if namespace := v.get("dest_namespace").text(); namespace != "" {
			r.target, _, _ = strings.Cut(namespace, "/")
		}
		f.replications = append(f.replications, r)
	}
}

// setting is what the provider block of a unit says about a system, or "" when
// that comes from elsewhere.
func (l *loader) setting(u *Unit, system, name string) string {
	for _, p := range slices.Concat(u.Component.Providers, l.Providers) {
		if p.Name != "onprem" {
			continue
		}
		attr := p.Body.Attributes[system]
		if attr == nil || !Has(u, attr.Expr) {
			return ""
		}
		v, diags := attr.Expr.Value(l.Platform.context(u))
		if diags.HasErrors() {
			return ""
		}
		return value{Value: v}.get(name).text()
	}
	return ""
}

// system identifies what a unit manages: by its URL, or else as its own.
func system(u *Unit, url string) string {
	if url == "" {
		return u.Path()
	}
	return normalURL(url)
}

// normalURL makes two ways to write an address the same.
func normalURL(url string) string {
	return strings.TrimSuffix(strings.ToLower(url), "/")
}

// parsePeer reads an address with or without a port.
func parsePeer(s string) netip.Addr {
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return addr.Unmap()
	}
	withPort, _ := netip.ParseAddrPort(s)
	return withPort.Addr().Unmap()
}

// readAddresses reads a network, a range or an address. What is written badly
// is read as it was probably meant, so that other rules can go on.
func readAddresses(k kind, v value) *addresses {
	a := &addresses{value: v, kind: k}
	text := v.text()
	first, last, isRange := strings.Cut(text, "-")
	switch {
	case strings.Contains(text, "/"):
		p, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return a
		}
		a.set = netipx.RangeOfPrefix(p.Masked())
		if p.Masked() != p {
			a.problem = "it begins inside the network; write " + p.Masked().String()
		}
	case isRange:
		from, err := netip.ParseAddr(strings.TrimSpace(first))
		if err != nil {
			return a
		}
		to, err := netip.ParseAddr(strings.TrimSpace(last))
		if err != nil {
			return a
		}
		a.set = netipx.IPRangeFrom(from, to)
		switch {
		case from.Is4() != to.Is4():
			a.problem = "it begins with one family of addresses and ends with the other; write two ranges"
		case to.Less(from):
			a.set = netipx.IPRangeFrom(to, from)
			a.problem = "it runs backwards; write " + a.set.String()
		}
	default:
		if addr, err := netip.ParseAddr(text); err == nil {
			a.set = netipx.IPRangeFrom(addr, addr)
		}
	}
	return a
}

// has reports whether addresses that could be read include one.
func (a *addresses) has(addr netip.Addr) bool { return a.set.IsValid() && a.set.Contains(addr) }

// single reports whether it is one address.
func (a *addresses) single() bool { return a.set.IsValid() && a.set.From() == a.set.To() }

// at is the site of a unit, or the wider place it exists at, as messages call it.
func (u *Unit) at() string {
	switch {
	case u.Site != nil:
		return u.Site.Path()
	case u.Env != nil:
		return u.Env.Name
	default:
		return "the platform"
	}
}

// network is the network of the place that a unit is at, if one is known.
func (f *facts) network(u *Unit) *network { return f.byPlace[u.at()] }

// speakers are all, networks first: their AS number is that of the cluster.
func (f *facts) speakers() []*speaker {
	var list []*speaker
	for _, n := range f.networks {
		list = append(list, n.speaker)
	}
	return append(list, f.others...)
}

// owner is the one other cluster that an address belongs to: to its nodes, or
// to a site that names it in an attribute, such as gateway. What a cluster peers
// with itself is a router.
func (f *facts) owner(addr netip.Addr, from *Unit) *network {
	var owner *network
	for _, n := range f.networks {
		if n.unit.at() == from.at() || !n.owns(addr) {
			continue
		}
		if owner != nil {
			return nil
		}
		owner = n
	}
	if here := f.network(from); here != nil && here.nodes.has(addr) {
		return nil
	}
	return owner
}

func (n *network) owns(addr netip.Addr) bool {
	if !addr.IsValid() || slices.ContainsFunc(n.sessions, func(s session) bool { return s.address == addr }) {
		return false
	}
	return n.nodes.has(addr) || n.vip.has(addr) || slices.Contains(n.named, addr)
}

// addresses are those among the attributes of a site.
func (s *Site) addresses() []netip.Addr {
	if s == nil {
		return nil
	}
	var list []netip.Addr
	for _, attr := range s.Attributes {
		if addr := parsePeer(value{Value: s.Value.GetAttr(attr.Name)}.text()); addr.IsValid() {
			list = append(list, addr)
		}
	}
	return list
}

// where is shown, found once: each range is compared with many.
func (a *addresses) where() hcl.Range {
	if a.place.Filename == "" {
		a.place = a.shown()
	}
	return a.place
}

// String describes addresses in messages.
func (a *addresses) String() string {
	return string(a.kind) + " " + a.text() + " of " + a.unit.at()
}

// allPlaces are those of several values, the last one's last.
func allPlaces(values ...value) []hcl.Range {
	var places []hcl.Range
	for _, v := range values {
		places = append(places, v.places()...)
	}
	return places
}
