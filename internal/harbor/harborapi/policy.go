package harborapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/replication"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// ReplicationPolicy is a replication policy.
type ReplicationPolicy struct {
	models.ReplicationPolicy
	SingleActiveReplication *bool `json:"single_active_replication,omitempty"` // since 2.15
}

// ReplicationPolicy reads a policy by id.
func (c *Client) ReplicationPolicy(ctx context.Context, id int64) (*ReplicationPolicy, error) {
	return c.policies.Get(ctx, id)
}

// ReplicationPolicyByName finds a policy by its exact name.
func (c *Client) ReplicationPolicyByName(ctx context.Context, name string) (*ReplicationPolicy, error) {
	return findByName(ctx, c, "replication policy", "/replication/policies", name, func(p *ReplicationPolicy) string { return p.Name })
}

const policyPath = "/replication/policies/{id}"

func (c *Client) readPolicy(ctx context.Context, id int64) (*ReplicationPolicy, error) {
	p := &ReplicationPolicy{}
	_, err := c.send(ctx, request{method: http.MethodGet, path: policyPath, params: idParam(id)}, p)
	return p, err
}

// CreateReplicationPolicy makes a policy and returns its id.
func (c *Client) CreateReplicationPolicy(ctx context.Context, p ReplicationPolicy) (int64, error) {
	defer c.policies.Drop()
	return creation[*ReplicationPolicy]{
		kind: "replication policy", name: p.Name,
		send: func(ctx context.Context) (int64, error) {
			body, err := merged(nil, p)
			if err != nil {
				return 0, err
			}
			header, err := c.send(ctx, request{method: http.MethodPost, path: "/replication/policies", body: body}, nil)
			if err != nil {
				return 0, err
			}
			return idOf(header)
		},
		find: func(ctx context.Context) (*ReplicationPolicy, error) { return c.ReplicationPolicyByName(ctx, p.Name) },
		id:   func(found *ReplicationPolicy) int64 { return found.ID },
		made: func(found *ReplicationPolicy) time.Time { return time.Time(found.CreationTime) },
		same: p.same,
	}.run(ctx, c)
}

// same tells whether found is what p asks for, in every field.
func (p ReplicationPolicy) same(found *ReplicationPolicy) bool {
	asked, err := merged(nil, p)
	if err != nil {
		return false
	}
	have, err := merged(nil, *found)
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

// UpdateReplicationPolicy replaces a policy by p. Harbor resets what a PUT
// leaves out, so fields that p does not know are sent back as they were.
func (c *Client) UpdateReplicationPolicy(ctx context.Context, id int64, p ReplicationPolicy) error {
	defer c.locks.lock("policy", id)()
	defer c.policies.Drop(id)
	// A PUT that meets another one of the same policy is answered with 404; one
	// of a policy that is gone as well, and then the read says so.
	return contended(ctx, http.StatusNotFound, func() error {
		have := map[string]any{}
		if _, err := c.send(ctx, request{method: http.MethodGet, path: policyPath, params: idParam(id)}, &have); err != nil {
			return gone(err)
		}
		body, err := merged(have, p)
		if err != nil {
			return err
		}
		_, err = c.send(ctx, request{method: http.MethodPut, path: policyPath, params: idParam(id), body: body}, nil)
		return err
	})
}

// goneError hides the status of a read that found nothing: trying again is of no use.
type goneError struct{ error }

// Is makes a goneError one of the missing objects.
func (goneError) Is(target error) bool { return target == api.ErrNotFound }

func gone(err error) error {
	if api.IsNotFound(err) {
		return goneError{err}
	}
	return err
}

// merged puts the fields of p over those of a policy as it was read, all of
// them: one that p leaves empty is taken out.
func merged(have map[string]any, p ReplicationPolicy) (map[string]any, error) {
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

// DeleteReplicationPolicy deletes a policy and its executions.
func (c *Client) DeleteReplicationPolicy(ctx context.Context, id int64) error {
	defer c.locks.lock("policy", id)()
	defer c.policies.Drop(id)
	_, err := c.sdk.Replication.DeleteReplicationPolicy(ctx, &replication.DeleteReplicationPolicyParams{ID: id})
	return plain(err)
}
