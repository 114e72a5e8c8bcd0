package harborapi

import (
	"net/url"
	"strconv"
	"time"
)

// Label marks images: of all projects, or of one. It is a type of its own since
// go-client's sends times with every write.
type Label struct {
	ID           int64     `json:"id,omitempty"`
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	Color        string    `json:"color"`
	Scope        string    `json:"scope,omitempty"` // g, or p with a project
	ProjectID    int64     `json:"project_id,omitempty"`
	CreationTime time.Time `json:"creation_time,omitzero"`
}

func labels(c *Client) *Collection[Label] {
	return collection(c, kind[Label]{
		name: "label", path: "/labels", within: byScope,
		of: func(l *Label) object { return object{l.ID, l.Name, l.CreationTime} },
		toCreate: func(asked *Label, project int64) any {
			l := *asked
			l.ProjectID, l.Scope = project, byScope(project).Get("scope")
			return l
		},
		same: func(asked, found *Label) bool {
			return found.Description == asked.Description && found.Color == asked.Color
		},
	})
}

// byScope is the query of kinds that exist for all of Harbor and for projects.
func byScope(project int64) url.Values {
	if project == 0 {
		return url.Values{"scope": {"g"}}
	}
	return url.Values{"scope": {"p"}, "project_id": {strconv.FormatInt(project, 10)}}
}
