package harborapi

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"
)

// ReplicationPolicy is a replication policy.
type ReplicationPolicy struct {
	models.ReplicationPolicy
	SingleActiveReplication *bool `json:"single_active_replication,omitempty"` // since 2.15
}

func policies(c *Client) *Collection[ReplicationPolicy] {
	return collection(c, kind[ReplicationPolicy]{
		name: "replication policy", path: "/replication/policies",
		of:   func(p *ReplicationPolicy) object { return object{p.ID, p.Name, time.Time(p.CreationTime)} },
		same: func(asked, found *ReplicationPolicy) bool { return asked.same(found) },
	})
}

// same tells whether found is what p asks for, in every field.
func (p ReplicationPolicy) same(found *ReplicationPolicy) bool {
	asked, err := p.over(nil)
	if err != nil {
		return false
	}
	have, err := found.over(nil)
	if err != nil {
		return false
	}
	for key := range known {
		if !isZero(have[key]) && isZero(asked[key]) || !isZero(asked[key]) && !reflect.DeepEqual(have[key], asked[key]) {
			return false
		}
	}
	return true
}

// isZero tells the values that Harbor leaves out or fills in alike.
func isZero(v any) bool {
	if items, isList := v.([]any); isList {
		return len(items) == 0
	}
	return v == nil || reflect.ValueOf(v).IsZero()
}

// over puts the fields of p over those of a policy as it was read, all of them:
// one that p leaves empty is taken out, one that p does not know stays.
func (p ReplicationPolicy) over(have map[string]any) (map[string]any, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	body := map[string]any{}
	for key, value := range have {
		if !known[key] {
			body[key] = value
		}
	}
	for key, value := range fields {
		if !readOnly[key] {
			body[key] = value
		}
	}
	if p.SingleActiveReplication == nil && have["single_active_replication"] != nil {
		body["single_active_replication"] = false
	}
	// The deprecated name and the new one mean the same; older releases know only the first.
	body["deletion"], body["replicate_deletion"] = p.Deletion, p.Deletion
	// Of a registry only the id is sent: the rest holds the mask of a secret.
	body["src_registry"], body["dest_registry"] = onlyID(p.SrcRegistry), onlyID(p.DestRegistry)
	return body, nil
}

func onlyID(r *models.Registry) map[string]any {
	if r == nil {
		return map[string]any{"id": float64(0)}
	}
	return map[string]any{"id": float64(r.ID)}
}

// known are the fields that ReplicationPolicy has; readOnly those that Harbor sets.
var (
	known    = jsonNames(reflect.TypeFor[ReplicationPolicy]())
	readOnly = map[string]bool{"id": true, "creation_time": true, "update_time": true}
)

func jsonNames(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for name := range jsonNames(f.Type) {
				out[name] = true
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = true
	}
	return out
}
