package kongsim

import (
	_ "embed" // the recorded documents
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// documents are what a gateway says of itself and of its schemas: constant, so that the recorded ones are served.
//
//go:embed testdata/info_and_status.json
var recordedDocuments []byte

var documents = sync.OnceValue(func() map[string]object {
	var exchanges []struct {
		Method string `json:"method"`
		Path   string `json:"path"`
		Status int    `json:"status"`
		Body   object `json:"response_body"`
	}
	if err := json.Unmarshal(recordedDocuments, &exchanges); err != nil {
		panic(err)
	}
	out := map[string]object{}
	for _, e := range exchanges {
		if e.Method == http.MethodGet && e.Status == http.StatusOK {
			out[e.Path] = e.Body
		}
	}
	return out
})

// information serves the paths that are no entity's.
func (s *Sim) information(segs []string) (handler, []string) {
	path := "/" + strings.Join(segs, "/")
	switch {
	case path == "/":
		return func(query) *reply { return ok(s.self()) }, readMethods
	case path == "/config":
		return func(query) *reply {
			return message(http.StatusBadRequest, "this endpoint is only available when Kong is configured to not use a database")
		}, []string{"GET", "POST"}
	case path == "/tags":
		return func(q query) *reply { return s.tagged("", path, q) }, readMethods
	case len(segs) == 2 && segs[0] == "tags":
		return func(q query) *reply { return s.tagged(segs[1], "/tags/"+url.PathEscape(segs[1]), q) }, readMethods
	case len(segs) == 3 && segs[0] == "schemas" && segs[2] == "validate":
		e := s.named(segs[1])
		if e == nil {
			return nil, nil
		}
		return func(q query) *reply { return s.validateOnly(e, q) }, []string{"POST"}
	case len(segs) > 1 && segs[0] == "schemas":
		return func(query) *reply { return s.schema(segs[1:], path) }, readMethods
	}
	if h, methods := s.targets(segs); h != nil {
		return h, methods
	}
	if doc := documents()[path]; doc != nil {
		return func(query) *reply { return ok(doc) }, readMethods
	}
	return nil, nil
}

// self is GET /.
func (s *Sim) self() object {
	doc := asObject(clone(documents()["/"]))
	doc["node_id"] = s.nodeID
	config := asObject(doc["configuration"])
	config["router_flavor"] = s.flavor
	if s.dbless {
		config["database"] = "off"
	}
	return doc
}

func (s *Sim) named(name string) *entity {
	for _, e := range s.entities {
		if e.name == name {
			return e
		}
	}
	return nil
}

func (s *Sim) schema(name []string, path string) *reply {
	doc := documents()[path]
	switch {
	case doc != nil && path == "/schemas/routes" && s.flavor == Expressions:
		doc = asObject(clone(doc))
		fields, _ := doc["fields"].([]any)
		doc["fields"] = append(fields, object{"expression": object{"type": "string"}},
			object{"priority": object{"type": "integer", "required": true, "default": 0, "between": []any{0, 1<<46 - 1}}})
		return ok(doc)
	case doc != nil:
		return ok(doc)
	case name[0] == "plugins" && len(name) == 2:
		return message(http.StatusNotFound, "No plugin named '"+name[1]+"'")
	}
	return message(http.StatusNotFound, "No entity named '"+name[0]+"'")
}

// validateOnly checks an entity and stores nothing.
func (s *Sim) validateOnly(e *entity, q query) *reply {
	row, refused := s.prepare(e, nil, q.body)
	if refused != nil {
		return refused
	}
	if errs := e.validate(row, false); len(errs) > 0 {
		return schemaViolation(errs)
	}
	return message(http.StatusOK, "schema validation successful")
}

// tagged lists what carries a tag, or every tag there is.
func (s *Sim) tagged(tag, path string, q query) *reply {
	size, refused := pageSize(q.values)
	if refused != nil {
		return refused
	}
	start, refused := pageStart(q.values)
	if refused != nil {
		return refused
	}
	page := []any{}
	var cursor []any
	for _, e := range s.entities {
		for _, row := range s.rows(e) {
			id := asString(row["id"])
			for i, t := range texts(row["tags"]) {
				if tag != "" && t != tag || id <= start {
					continue
				}
				if len(page) == size {
					keep := url.Values{}
					if tag == "" {
						keep.Set("size", q.values.Get("size"))
					}
					return paged(page, true, path, keep, cursor)
				}
				page = append(page, object{"tag": t, "entity_name": e.name, "entity_id": id})
				if cursor = []any{id}; tag == "" {
					cursor = []any{id, i + 1}
				}
			}
		}
	}
	return paged(page, false, path, nil, nil)
}
