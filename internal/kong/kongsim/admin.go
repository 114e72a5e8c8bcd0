package kongsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// answer is the Admin API: from a request to a reply.
func (s *Sim) answer(r *http.Request) *reply {
	if r.Method == http.MethodTrace {
		return html(http.StatusMethodNotAllowed, "405 Not Allowed")
	}
	segs, known := segments(r.URL.EscapedPath())
	if !known {
		return notFound()
	}
	q := query{method: r.Method, values: r.URL.Query()}
	if r.Method == http.MethodHead {
		q.method = http.MethodGet
	}
	handle, allowed := s.route(segs)
	if handle == nil {
		return notFound()
	}
	if q.method == http.MethodOptions {
		return options(allowed)
	}
	if !slices.Contains(allowed, q.method) {
		return notAllowed()
	}
	if q.method != http.MethodGet && q.method != http.MethodDelete {
		body, refused := decode(r)
		if refused != nil {
			return refused
		}
		q.body = body
	}
	return handle(q)
}

type query struct {
	method string
	values url.Values
	body   object
}

type handler func(q query) *reply

// segments splits a path; one trailing slash is no segment, an empty one elsewhere is not served.
func segments(escaped string) ([]string, bool) {
	escaped = strings.TrimPrefix(escaped, "/")
	escaped = strings.TrimSuffix(escaped, "/")
	if escaped == "" {
		return nil, true
	}
	segs := strings.Split(escaped, "/")
	for i, seg := range segs {
		s, err := url.PathUnescape(seg)
		if err != nil || s == "" {
			return nil, false
		}
		segs[i] = s
	}
	return segs, true
}

func options(allowed []string) *reply {
	list := append([]string{"OPTIONS"}, allowed...)
	if slices.Contains(list, "GET") {
		list = append(list, "HEAD")
	}
	slices.Sort(list)
	joined := strings.Join(list, ", ")
	return &reply{status: http.StatusNoContent, header: map[string]string{"Allow": joined,
		"Access-Control-Allow-Methods": joined, "Access-Control-Allow-Headers": "Content-Type"}}
}

var unsupportedMedia = html(http.StatusUnsupportedMediaType, "415 Unsupported Media Type")

// decode reads a body: JSON or a form. None at all is an empty object.
func decode(r *http.Request) (object, *reply) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, message(http.StatusBadRequest, "Cannot read body")
	}
	header := r.Header.Get("Content-Type")
	if header == "" {
		if len(raw) > 0 {
			return nil, unsupportedMedia
		}
		return object{}, nil
	}
	kind, _, _ := mime.ParseMediaType(header)
	switch kind {
	case "application/json":
		return decodeJSON(raw)
	case "application/x-www-form-urlencoded":
		return decodeForm(string(raw))
	}
	return nil, unsupportedMedia
}

func decodeJSON(raw []byte) (object, *reply) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&v); err != nil || d.More() {
		return nil, message(http.StatusBadRequest, "Cannot parse JSON body")
	}
	switch v := v.(type) {
	case object:
		return v, nil
	case []any:
		return object{}, nil
	}
	return nil, crash() // a scalar
}

// decodeForm takes name=value, numbers and booleans as such, and name[]= or a repeated name as a list.
func decodeForm(raw string) (object, *reply) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, message(http.StatusBadRequest, "Cannot parse form body")
	}
	out := object{}
	for k, vs := range values {
		items := make([]any, len(vs))
		for i, v := range vs {
			items[i] = v
			if n, err := strconv.ParseFloat(v, 64); err == nil {
				items[i] = n
			} else if b, err := strconv.ParseBool(v); err == nil && len(v) > 1 {
				items[i] = b
			}
		}
		name, isList := strings.CutSuffix(k, "[]")
		if isList || len(items) > 1 {
			out[name] = items
		} else {
			out[name] = items[0]
		}
	}
	return out, nil
}

var (
	collectionMethods = []string{"GET", "POST"}
	entityMethods     = []string{"GET", "PUT", "PATCH", "DELETE"}
	parentMethods     = []string{"GET", "PUT", "PATCH"}
	readMethods       = []string{"GET"}
)

// route finds what serves a path, and the methods it has.
func (s *Sim) route(segs []string) (handler, []string) {
	if h, methods := s.information(segs); h != nil {
		return h, methods
	}
	if len(segs) == 0 || len(segs) > 4 {
		return nil, nil
	}
	e := s.byPath(segs[0])
	if e == nil {
		return nil, nil
	}
	switch len(segs) {
	case 1:
		return func(q query) *reply { return s.collection(e, nil, q) }, collectionMethods
	case 2:
		return func(q query) *reply { return s.single(e, nil, segs[1], q) }, entityMethods
	}
	if f := e.field(segs[2]); f != nil && f.kind == foreign && len(segs) == 3 && segs[2] != "certificate" {
		return func(q query) *reply { return s.parentOf(e, f, segs[1], q) }, parentMethods
	}
	child, fk := s.childOf(e, segs[2])
	if child == nil {
		return nil, nil
	}
	under := func(serve func(p *parent) *reply) *reply {
		row, refused := s.lookup(e, nil, segs[1])
		if refused != nil {
			return refused
		}
		if row == nil {
			return notFound()
		}
		return serve(&parent{field: fk.name, id: asString(row["id"]), path: "/" + strings.Join(segs[:3], "/")})
	}
	if len(segs) == 3 {
		return func(q query) *reply {
			return under(func(p *parent) *reply { return s.collection(child, p, q) })
		}, collectionMethods
	}
	return func(q query) *reply {
		return under(func(p *parent) *reply { return s.single(child, p, segs[3], q) })
	}, entityMethods
}

// parent is the entity a nested path is below.
type parent struct{ field, id, path string }

func (p *parent) has(row object) bool {
	if p == nil {
		return true
	}
	ref, _ := row[p.field].(object)
	return ref["id"] == p.id
}

func (s *Sim) childOf(e *entity, path string) (*entity, *field) {
	for _, child := range s.entities {
		if child.below() != path {
			continue
		}
		for i := range child.fields {
			if f := &child.fields[i]; f.kind == foreign && f.ref == e.name {
				return child, f
			}
		}
	}
	return nil, nil
}

func (s *Sim) collection(e *entity, p *parent, q query) *reply {
	if q.method == http.MethodGet {
		return s.list(e, p, q)
	}
	row, refused := s.prepare(e, p, q.body)
	if refused != nil {
		return refused
	}
	if refused := s.save(e, row, nil, q.body, false); refused != nil {
		return refused
	}
	return &reply{status: http.StatusCreated, body: s.shown(e, row)}
}

// prepare makes a whole entity of what was sent.
func (s *Sim) prepare(e *entity, p *parent, sent object) (object, *reply) {
	row := asObject(clone(sent))
	if p != nil {
		row[p.field] = object{"id": p.id}
	}
	if e.shorthand != nil {
		e.shorthand(row)
	}
	if e.before != nil {
		e.before(row)
	}
	if refused := s.resolve(e, row); refused != nil {
		return nil, refused
	}
	for _, f := range e.fields {
		if _, sent := row[f.name]; !sent && f.auto != nil {
			row[f.name] = f.auto(s)
		}
	}
	fill(e.fields, row)
	return row, nil
}

// lookup finds an entity by what stands in a path: its id, or its endpoint key.
func (s *Sim) lookup(e *entity, p *parent, part string) (object, *reply) {
	if isUUID(part) {
		return s.find(e, "id", strings.ToLower(part)), nil
	}
	if p != nil && e.nestedKey != "" {
		for _, row := range s.data[e.name] {
			if p.has(row) && row[e.nestedKey] == part {
				return row, nil
			}
		}
		return nil, nil
	}
	if e.alias != nil {
		return e.alias(s, part), nil
	}
	if e.key == "" {
		return nil, failure(400, 1, "invalid primary key", `invalid primary key: '{id="expected a valid UUID"}'`,
			object{"id": "expected a valid UUID"})
	}
	if msg := e.field(e.key).validate(part, false); msg != nil {
		return nil, &reply{status: 400, body: object{"code": 10, "name": "invalid unique " + e.key, "message": msg}}
	}
	return s.find(e, e.key, part), nil
}

func (s *Sim) single(e *entity, p *parent, part string, q query) *reply {
	if !isUUID(part) && (e.strictDelete && q.method == http.MethodDelete || e.noPutByKey && q.method == http.MethodPut) {
		return crash()
	}
	row, refused := s.lookup(e, p, part)
	if refused != nil {
		return refused
	}
	if row == nil && e.alias != nil && !isUUID(part) && q.method != http.MethodPut {
		return e.unaliased
	}
	if row != nil && q.method != http.MethodPut && !p.has(row) {
		row = nil
	}
	switch q.method {
	case http.MethodGet:
		if row == nil {
			return notFound()
		}
		return ok(s.shown(e, row))
	case http.MethodPut:
		if e.putIsPatch {
			return s.patch(e, p, part, row, q.body)
		}
		return s.put(e, p, part, row, q.body)
	case http.MethodPatch:
		return s.patch(e, p, part, row, q.body)
	}
	if row == nil {
		missing := notFound()
		if e.traced {
			asObject(missing.body)["request_id"] = s.newSecret()
		}
		if p != nil {
			return missing
		}
		return &reply{status: http.StatusNoContent}
	}
	if refused := s.remove(e, row); refused != nil {
		return refused
	}
	return &reply{status: http.StatusNoContent}
}

func (s *Sim) put(e *entity, p *parent, part string, old, sent object) *reply {
	sent = asObject(clone(sent))
	delete(sent, "id")
	switch {
	case old != nil:
		sent["id"] = old["id"]
		if !isUUID(part) && e.alias == nil {
			sent[e.keyBelow(p)] = part
		}
	case isUUID(part):
		sent["id"] = strings.ToLower(part)
	case e.alias == nil:
		sent[e.keyBelow(p)] = part
	}
	row, refused := s.prepare(e, p, sent)
	if refused != nil {
		return refused
	}
	if refused := s.save(e, row, old, sent, false); refused != nil {
		return refused
	}
	return ok(s.shown(e, row))
}

func (s *Sim) patch(e *entity, p *parent, part string, old, sent object) *reply {
	key := object{"id": part}
	if !isUUID(part) {
		key = object{e.key: part}
	}
	if old == nil {
		if p != nil {
			return notFound()
		}
		return noEntity(key)
	}
	if id, given := sent["id"]; given && id != old["id"] {
		return noEntity(object{"id": old["id"]})
	}
	sent = asObject(clone(sent))
	if e.shorthand != nil {
		e.shorthand(sent)
	}
	if refused := s.resolve(e, sent); refused != nil {
		return refused
	}
	row := merge(e.fields, old, sent)
	if e.before != nil {
		e.before(row)
	}
	if e.field("updated_at") != nil {
		row["updated_at"] = e.field("updated_at").auto(s)
	}
	fill(e.fields, row)
	if refused := s.save(e, row, old, sent, true); refused != nil {
		return refused
	}
	answer := s.shown(e, row)
	if v, given := sent[e.echo]; given {
		answer[e.echo] = v
	}
	return ok(answer)
}

func (s *Sim) parentOf(e *entity, f *field, part string, q query) *reply {
	row, refused := s.lookup(e, nil, part)
	if refused != nil {
		return refused
	}
	ref, linked := row[f.name].(object)
	if !linked {
		return notFound()
	}
	return s.single(s.entity(f.ref), nil, asString(ref["id"]), q)
}

func (s *Sim) shown(e *entity, row object) object {
	out := asObject(clone(row))
	if e.show != nil {
		out = e.show(s, out)
	}
	return out
}

func (s *Sim) list(e *entity, p *parent, q query) *reply {
	size, refused := pageSize(q.values)
	if refused != nil {
		return refused
	}
	if e.newestFirst {
		return s.newest(e, p, q, size)
	}
	start, refused := pageStart(q.values)
	if refused != nil {
		return refused
	}
	var match func(object) bool
	if p == nil && e.filter != nil {
		if match, refused = e.filter(q.values); refused != nil {
			return refused
		}
	}
	if p == nil && match == nil {
		if match, refused = tagFilter(q.values); refused != nil {
			return refused
		}
	}
	page := []any{}
	last, more := "", false
	for _, row := range s.rows(e) {
		id := asString(row["id"])
		if id <= start || !p.has(row) || (match != nil && !match(row)) {
			continue
		}
		if len(page) == size {
			more = true
			break
		}
		page = append(page, s.shown(e, row))
		last = id
	}
	path, keep := "/"+e.path, q.values
	if p != nil {
		path, keep = p.path, nil
	}
	return paged(page, more, path, keep, []any{last})
}

// paged is a page of a list. A nested list's next page is named without the size and the tags.
func paged(page []any, more bool, path string, keep url.Values, cursor []any) *reply {
	body := object{"data": page, "next": nil}
	if more {
		offset := base64.RawURLEncoding.EncodeToString(encode(cursor))
		next := path + "?offset=" + offset
		for _, name := range []string{"tags", "size"} {
			if v := keep.Get(name); v != "" {
				next += "&" + name + "=" + url.QueryEscape(v)
			}
		}
		body["offset"], body["next"] = offset, next
	}
	return ok(body)
}

func pageSize(values url.Values) (int, *reply) {
	if !values.Has("size") {
		return 100, nil
	}
	n, err := strconv.ParseFloat(values.Get("size"), 64)
	if err != nil {
		return 0, listError(9, "invalid size", "size must be a number")
	}
	if n != float64(int(n)) || n < 1 || n > 1000 {
		return 0, listError(9, "invalid size", "size must be an integer between 1 and 1000")
	}
	return int(n), nil
}

func pageStart(values url.Values) (string, *reply) {
	if !values.Has("offset") {
		return "", nil
	}
	offset := values.Get("offset")
	why := "bad base64 encoding"
	if raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(offset, "=")); err == nil || len(offset)%4 == 3 {
		var cursor []any
		if json.Unmarshal(raw, &cursor) == nil && len(cursor) > 0 {
			if id, ok := cursor[0].(string); ok {
				return id, nil
			}
		}
		why = "bad json encoding"
	}
	return "", listError(7, "invalid offset", "'"+offset+"' is not a valid offset: "+why)
}

func listError(code int, name, text string) *reply {
	return &reply{status: 400, body: object{"code": code, "name": name, "message": text}}
}

// tagFilter: a,b is both, a/b is either.
func tagFilter(values url.Values) (func(object) bool, *reply) {
	if !values.Has("tags") {
		return func(object) bool { return true }, nil
	}
	refuse := func(why string) (func(object) bool, *reply) {
		return nil, &reply{status: 400, body: object{"code": 11, "name": "invalid options",
			"message": "invalid option (tags: " + why + ")", "options": object{"tags": why}}}
	}
	given := values.Get("tags")
	both, either := strings.Contains(given, ","), strings.Contains(given, "/")
	wanted := strings.FieldsFunc(given, func(r rune) bool { return r == ',' || r == '/' })
	switch {
	case given == "":
		return refuse("cannot be null")
	case both && either:
		return refuse("invalid filter syntax")
	case len(wanted) > 5:
		return refuse("cannot query more than 5 tags")
	}
	return func(row object) bool {
		has := func(tag string) bool { return slices.Contains(texts(row["tags"]), tag) }
		if either {
			return slices.ContainsFunc(wanted, has)
		}
		return !slices.ContainsFunc(wanted, func(t string) bool { return !has(t) })
	}, nil
}
