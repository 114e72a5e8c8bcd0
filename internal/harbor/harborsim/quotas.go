package harborsim

import (
	"slices"
	"strconv"
	"time"
)

type quota struct {
	Created stamp            `json:"creation_time"`
	Hard    map[string]int64 `json:"hard"`
	ID      int64            `json:"id"`
	Ref     quotaRef         `json:"ref"`
	Updated stamp            `json:"update_time"`
	Used    map[string]int64 `json:"used"`
}

type quotaRef struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	OwnerName string `json:"owner_name"`
}

func (s *Server) routeQuotas() {
	s.handle("GET /quotas", sysadmin, s.listQuotas)
	s.handle("GET /quotas/{id}", sysadmin, s.quota(func(_ *call, q *quota) *answer {
		seen := *q
		seen.Updated = stamp(time.Time{}) // not read on this path
		return ok(seen)
	}))
	s.handle("PUT /quotas/{id}", sysadmin, s.quota(s.updateQuota))
}

func (s *Server) quota(h func(*call, *quota) *answer) func(*call) *answer {
	return func(c *call) *answer {
		id, refused := c.id("id")
		if refused != nil {
			return refused
		}
		q, found := s.quotas[id]
		if !found {
			return refuse(404, "quota %d not found", id)
		}
		return h(c, q)
	}
}

func (s *Server) addQuota(p *project, limit int64) {
	q := &quota{
		ID: s.next("quota"), Ref: quotaRef{ID: p.id, Name: p.name}, Created: now(), Updated: now(),
		Hard: map[string]int64{"storage": limit}, Used: map[string]int64{"storage": 0},
	}
	s.quotas[q.ID] = q
}

func (s *Server) quotaOf(projectID int64) *quota {
	for _, q := range s.quotas {
		if q.Ref.ID == projectID {
			return q
		}
	}
	return nil
}

func (s *Server) listQuotas(c *call) *answer {
	values := c.URL.Query()
	ref := values.Get("reference_id")
	out := slices.DeleteFunc(newestFirst(s.quotas), func(q *quota) bool {
		return ref != "" && ref != strconv.FormatInt(q.Ref.ID, 10)
	})
	// Unlimited is more than any limit.
	if values.Get("sort") == "-hard.storage" {
		slices.SortStableFunc(out, func(a, b *quota) int {
			if uint64(a.Hard["storage"]) > uint64(b.Hard["storage"]) {
				return -1
			}
			return 1
		})
	}
	return list(c, out, "id")
}

func (s *Server) updateQuota(c *call, q *quota) *answer {
	var in struct {
		Hard map[string]int64 `json:"hard"`
	}
	if refused := c.decode("hard", "QuotaUpdateReq", &in); refused != nil {
		return refused
	}
	if len(in.Hard) == 0 {
		return refuse(400, "hard required in body")
	}
	for name, n := range in.Hard {
		if name != "storage" {
			return refuse(400, "resource %s not support", name)
		}
		if text := badStorage(n); text != "" {
			return refuse(400, "%s", text)
		}
	}
	q.Hard["storage"] = in.Hard["storage"]
	return done()
}
