package harborapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Project is a project as Harbor shows it. Its metadata are kept whole:
// go-client would drop keys that are newer than it.
type Project struct {
	models.Project
	Metadata map[string]string `json:"metadata"`
}

// NewProject is a project to create.
type NewProject struct {
	Name         string            `json:"project_name"`
	Metadata     map[string]string `json:"metadata,omitempty"`
	RegistryID   *int64            `json:"registry_id,omitempty"`
	StorageLimit *int64            `json:"storage_limit,omitempty"`
}

// ProjectUpdate is what to change of a project. Harbor merges metadata: a key
// that is not sent stays, and goes only by a request of its own.
type ProjectUpdate struct {
	Metadata map[string]string
	Remove   []string // keys of metadata
	// Allowlist replaces the project's CVE allowlist; nil leaves it.
	Allowlist *Allowlist
}

// Allowlist is a project's list of vulnerabilities to overlook.
type Allowlist struct {
	Items     []AllowlistItem `json:"items"`
	ExpiresAt *int64          `json:"expires_at"` // seconds since 1970; null for never
}

// AllowlistItem is one vulnerability.
type AllowlistItem struct {
	ID string `json:"cve_id"`
}

// named is a request about the project of a name.
func named(method, path, name string) request {
	return request{method: method, path: path, params: map[string]string{"project": name}, header: map[string]string{byItsName: "true"}}
}

// byItsName makes Harbor take the project in a path for a name, digits or not.
const byItsName = "X-Is-Resource-Name"

// projectKey is the name of a project or, where there is none, its number.
type projectKey struct {
	name string
	id   int64
}

func (k projectKey) String() string {
	if k.name == "" {
		return strconv.FormatInt(k.id, 10)
	}
	return strconv.Quote(k.name)
}

// Project reads a project by name.
func (c *Client) Project(ctx context.Context, name string) (*Project, error) {
	return c.projects.Get(ctx, projectKey{name: name})
}

// ProjectByID reads a project by its number.
func (c *Client) ProjectByID(ctx context.Context, id int64) (*Project, error) {
	return c.projects.Get(ctx, projectKey{id: id})
}

func (c *Client) readProject(ctx context.Context, key projectKey) (*Project, error) {
	r := named(http.MethodGet, "/projects/{project}", key.name)
	if key.id != 0 {
		r.params["project"], r.header = strconv.FormatInt(key.id, 10), nil
	}
	answer := api.Object[Project]{Asked: "the project " + key.String(), Is: func(p *Project) bool {
		return p.is() && (key.name == "" || p.Name == key.name) && (key.id == 0 || int64(p.ProjectID) == key.id)
	}}
	_, err := c.send(ctx, r, &answer)
	return &answer.Value, err
}

// is tells a project from what has none of its marks.
func (p *Project) is() bool { return p.ProjectID > 0 && p.Name != "" }

func keepProject(out map[projectKey]*Project, p *Project) {
	out[projectKey{name: p.Name}], out[projectKey{id: int64(p.ProjectID)}] = p, p
}

// CreateProject makes a project. Whether Harbor heeded the storage limit, only
// StorageLimit tells.
func (c *Client) CreateProject(ctx context.Context, p NewProject) error {
	defer c.locks.lock("project", p.Name)()
	defer c.projects.Drop()
	defer c.limits.Drop(p.Name)
	_, err := creation[Project]{
		kind: "project", importID: p.Name,
		request: request{method: http.MethodPost, path: "/projects", body: p},
		of: func(found *Project) object {
			return object{int64(found.ProjectID), found.Name, time.Time(found.CreationTime)}
		},
		find: func(ctx context.Context) (*Project, error) { return c.readProject(ctx, projectKey{name: p.Name}) },
		same: p.made,
	}.run(ctx, c)
	return err
}

// made tells whether a project is what p asks for.
func (p NewProject) made(found *Project) bool {
	for key, value := range p.Metadata {
		if found.Metadata[key] != value {
			return false
		}
	}
	return p.RegistryID == nil || *p.RegistryID == found.RegistryID
}

// UpdateProject changes metadata and the CVE allowlist of a project.
func (c *Client) UpdateProject(ctx context.Context, name string, u ProjectUpdate) error {
	defer c.locks.lock("project", name)()
	defer c.projects.Drop()
	if len(u.Metadata) > 0 || u.Allowlist != nil {
		body := map[string]any{}
		if len(u.Metadata) > 0 {
			body["metadata"] = u.Metadata
		}
		if u.Allowlist != nil {
			body["cve_allowlist"] = u.Allowlist
		}
		err := contended(ctx, http.StatusConflict, func() error {
			r := named(http.MethodPut, "/projects/{project}", name)
			r.body = body
			_, err := c.send(ctx, r, nil)
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(slices.Values(u.Remove)) {
		r := named(http.MethodDelete, "/projects/{project}/metadatas/{key}", name)
		r.params["key"] = key
		if _, err := c.send(ctx, r, nil); err != nil {
			return err
		}
	}
	return nil
}

// DeleteProject deletes a project, which Harbor refuses while it holds repositories.
func (c *Client) DeleteProject(ctx context.Context, name string) error {
	defer c.locks.lock("project", name)()
	defer c.projects.Drop()
	defer c.limits.Drop(name)
	_, err := c.send(ctx, named(http.MethodDelete, "/projects/{project}", name), nil)
	return err
}

// StorageLimit is a project's quota in bytes, -1 for unlimited. It is nil when
// the project has none, because it was made while quotas were turned off.
func (c *Client) StorageLimit(ctx context.Context, name string) (*int64, error) {
	return c.limits.Get(ctx, name)
}

// KeepStorageLimit keeps what StorageLimit has answered for the read that follows.
func (c *Client) KeepStorageLimit(name string, limit *int64) { c.limits.Store(name, limit) }

func (c *Client) readLimit(ctx context.Context, name string) (*int64, error) {
	answer := api.Object[summary]{
		Asked: fmt.Sprintf("the summary of the project %q", name), Is: func(s *summary) bool { return s.RepoCount != nil },
	}
	_, err := c.send(ctx, named(http.MethodGet, "/projects/{project}/summary", name), &answer)
	return answer.Value.Quota.Hard.Storage, err // nil without a quota
}

// summary is what tells anyone of a project its quota. It names neither the
// project nor its number; the count is in every one.
type summary struct {
	RepoCount *int64 `json:"repo_count"`
	Quota     limits `json:"quota"`
}

type limits struct {
	Hard struct {
		Storage *int64 `json:"storage"`
	} `json:"hard"`
}

// quotaOf is a quota with the project it belongs to.
type quotaOf struct {
	limits

	ID  int64 `json:"id"`
	Ref struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"ref"`
}

// is tells a quota from what has none of its marks.
func (q *quotaOf) is() bool { return q.ID > 0 && q.Ref.ID > 0 }

func keepLimit(out map[string]*int64, q *quotaOf) { out[q.Ref.Name] = q.Hard.Storage }

// SetStorageLimit changes a project's quota; nil stands for the system's default.
func (c *Client) SetStorageLimit(ctx context.Context, name string, limit *int64) error {
	defer c.locks.lock("project", name)()
	defer c.limits.Drop(name)
	if limit == nil {
		standard, err := c.defaultLimit(ctx)
		if err != nil {
			return err
		}
		limit = &standard
	}
	p, err := c.Project(ctx, name)
	if err != nil {
		return err
	}
	id := int64(p.ProjectID)
	found := api.List[quotaOf]{
		Asked: fmt.Sprintf("the quota of the project %q", name), Is: func(q *quotaOf) bool { return q.is() && q.Ref.ID == id },
	}
	query := url.Values{"reference": {"project"}, "reference_id": {strconv.FormatInt(id, 10)}}
	if _, err := c.send(ctx, request{method: http.MethodGet, path: "/quotas", query: query}, &found); err != nil {
		return err
	}
	if len(found.Values) == 0 {
		return &api.Error{
			System: "harbor", Message: fmt.Sprintf("the project %q has no quota", name),
			Advice: "Harbor made it while quotas per project were turned off, and makes none afterwards. " +
				"Remove `storage_limit`, or make the project anew.",
		}
	}
	_, err = c.send(ctx, request{
		method: http.MethodPut, path: "/quotas/{id}", params: map[string]string{"id": strconv.FormatInt(found.Values[0].ID, 10)},
		body: &models.QuotaUpdateReq{Hard: models.ResourceList{"storage": *limit}},
	}, nil)
	return err
}

// defaultLimit is what Harbor gives to a project that asks for nothing.
func (c *Client) defaultLimit(ctx context.Context) (int64, error) {
	type config struct {
		StoragePerProject struct {
			Value *int64 `json:"value"`
		} `json:"storage_per_project"`
	}
	answer := api.Object[config]{Asked: "the configuration of Harbor", Is: func(c *config) bool { return c.StoragePerProject.Value != nil }}
	_, err := c.send(ctx, request{method: http.MethodGet, path: "/configurations"}, &answer)
	var e *api.Error
	if errors.As(err, &e) && e.Status == http.StatusForbidden {
		e.Advice = "Only a system administrator, and no robot, may ask Harbor for the default quota. Set `storage_limit` to a number instead, -1 for unlimited."
	}
	if err != nil {
		return 0, err
	}
	return *answer.Value.StoragePerProject.Value, nil
}

// MetadataOf returns the metadata that differ from what was, and the keys to remove.
func MetadataOf(was, is map[string]string) (map[string]string, []string) {
	changed, removed := map[string]string{}, []string(nil)
	for key, value := range is {
		if old, had := was[key]; !had || old != value {
			changed[key] = value
		}
	}
	for key := range maps.Keys(was) {
		if _, stays := is[key]; !stays {
			removed = append(removed, key)
		}
	}
	return changed, removed
}
