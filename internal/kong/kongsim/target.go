package kongsim

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const defaultTargetPort = "8000"

// target has no collection of its own, times to the millisecond, and answers that show what was sent.
func target() *entity {
	precise := func(s *Sim) any { return math.Round(float64(s.now().UnixMicro())/1000) / 1000 }
	e := &entity{
		name: "targets", nested: "targets", nestedKey: "target", putIsPatch: true, newestFirst: true, echo: "target",
		fields: common(
			field{name: "upstream", kind: foreign, ref: "upstreams", required: true, cascade: true},
			field{name: "target", kind: str, required: true, emptyOK: true, check: func(v any) string {
				if _, ok := normalTarget(asString(v)); !ok {
					return "Invalid target; not a valid hostname or ip address"
				}
				return ""
			}},
			num("weight", 100.0, 0, 65535),
		),
		uniques: [][]string{{"target", "upstream"}},
		ready: func(_ *Sim, e, _ object) *reply {
			e["target"], _ = normalTarget(asString(e["target"]))
			if e["weight"] == nil { // the database's not-null error, taken for another one
				return primaryKeyViolation(e["id"])
			}
			return nil
		},
	}
	for _, name := range []string{"created_at", "updated_at"} {
		f := e.field(name)
		f.kind, f.auto = number, precise
	}
	return e
}

// normalTarget has a port, and IPv6 written out in brackets. The case of a name stays.
func normalTarget(s string) (string, bool) {
	host, port := s, defaultTargetPort
	if !isIP(s) {
		if i := strings.LastIndexByte(s, ':'); i >= 0 {
			host, port = s[:i], s[i+1:]
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", false
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case err == nil && ip.Is6():
		host = "[" + ip.StringExpanded() + "]"
	case err != nil && !isHostname(host):
		return "", false
	}
	return host + ":" + port, true
}

// targets serves what lies below an upstream and is no plain collection.
func (s *Sim) targets(segs []string) (handler, []string) {
	if len(segs) < 3 || segs[0] != "upstreams" {
		return nil, nil
	}
	within := func(serve func(u object, p *parent, q query) *reply) handler {
		return func(q query) *reply {
			u, refused := s.lookup(s.entity("upstreams"), nil, segs[1])
			switch {
			case refused != nil:
				return refused
			case u == nil:
				return notFound()
			}
			return serve(u, &parent{field: "upstream", id: asString(u["id"]), path: "/" + strings.Join(segs[:3], "/")}, q)
		}
	}
	switch {
	case len(segs) == 3 && segs[2] == "health":
		return within(s.health), readMethods
	case len(segs) == 4 && segs[2] == "targets" && segs[3] == "all":
		return within(func(_ object, p *parent, q query) *reply {
			byID := *s.entity("targets")
			byID.newestFirst = false
			return s.list(&byID, p, q)
		}), readMethods
	case len(segs) == 5 && segs[2] == "targets" && (segs[4] == "healthy" || segs[4] == "unhealthy"):
		return within(func(u object, p *parent, _ query) *reply {
			if row, _ := s.lookup(s.entity("targets"), p, segs[3]); row == nil {
				return notFound()
			}
			return message(http.StatusBadRequest, fmt.Sprintf("Upstream %s has no balancer", u["name"]))
		}), []string{"PUT"}
	}
	return nil, nil
}

// health is of a gateway that proxies nothing: no balancer knows how the targets are.
func (s *Sim) health(_ object, p *parent, q query) *reply {
	body := object{"next": nil, "node_id": s.nodeID}
	if q.values.Get("balancer_health") != "1" {
		body["data"] = asObject(s.list(s.entity("targets"), p, query{}).body)["data"]
	}
	return ok(body)
}

// newest lists from the newest on; its cursor is how many have been shown.
func (s *Sim) newest(e *entity, p *parent, q query, size int) *reply {
	rows := slices.DeleteFunc(s.rows(e), func(row object) bool { return !p.has(row) })
	slices.SortStableFunc(rows, func(a, b object) int {
		return cmp.Compare(asNumber(b["created_at"]), asNumber(a["created_at"]))
	})
	from := 0
	if q.values.Has("offset") {
		n, err := strconv.Atoi(q.values.Get("offset"))
		if err != nil || n < 0 {
			return listError(7, "invalid offset", "'"+q.values.Get("offset")+"' is not a valid offset: bad number")
		}
		from = min(n, len(rows))
	}
	to := min(from+size, len(rows))
	page := []any{}
	for _, row := range rows[from:to] {
		page = append(page, s.shown(e, row))
	}
	body := object{"data": page, "next": nil}
	if to < len(rows) {
		body["offset"] = strconv.Itoa(to)
		body["next"] = p.path + "?offset=" + strconv.Itoa(to)
	}
	return ok(body)
}
