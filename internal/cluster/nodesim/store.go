package nodesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// resource is a kind of object that the API has.
type resource struct {
	path, apiVersion, kind string // path: "/apis/apps/v1 daemonsets"
	namespaced             bool
}

var resources = []resource{
	{"/api/v1 nodes", "v1", "Node", false},
	{"/api/v1 pods", "v1", "Pod", true},
	{"/api/v1 configmaps", "v1", "ConfigMap", true},
	{"/api/v1 secrets", "v1", "Secret", true},
	{"/apis/coordination.k8s.io/v1 leases", "coordination.k8s.io/v1", "Lease", true},
	{"/apis/apps/v1 daemonsets", "apps/v1", "DaemonSet", true},
	{"/apis/batch/v1 jobs", "batch/v1", "Job", true},
	{"/apis/policy/v1 poddisruptionbudgets", "policy/v1", "PodDisruptionBudget", true},
}

// object is one of the API.
type object = unstructured.Unstructured

// store holds the objects of a cluster, by "<plural>/<namespace>/<name>".
type store struct {
	objects map[string]*object
	version int
}

func newStore() *store { return &store{objects: map[string]*object{}} }

func plural(r resource) string { return r.path[strings.Index(r.path, " ")+1:] }

func (s *store) get(kind, namespace, name string) *object {
	return s.objects[kind+"/"+namespace+"/"+name]
}

// put stores an object as it is, with a new version.
func (s *store) put(kind string, o *object) {
	s.version++
	o.SetResourceVersion(strconv.Itoa(s.version))
	if o.GetUID() == "" {
		o.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", s.version)))
		o.SetCreationTimestamp(metaNow())
	}
	s.objects[kind+"/"+o.GetNamespace()+"/"+o.GetName()] = o
}

func (s *store) delete(kind, namespace, name string) {
	delete(s.objects, kind+"/"+namespace+"/"+name)
}

// list returns the objects of a kind in the order of their names; namespace "" stands for all.
func (s *store) list(kind, namespace string) []*object {
	var found []*object
	for key, o := range s.objects {
		if strings.HasPrefix(key, kind+"/") && (namespace == "" || o.GetNamespace() == namespace) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b *object) int {
		return strings.Compare(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
	return found
}

// refusal is an answer that is an error.
type refusal struct {
	Code    int
	Reason  string
	Message string
}

func refuse(code int, reason, format string, args ...any) *refusal {
	return &refusal{code, reason, fmt.Sprintf(format, args...)}
}

// target is what a request is about.
type target struct {
	resource
	namespace, name, sub string
}

func (t target) plural() string { return plural(t.resource) }

func (t target) qualified() string {
	group, _, found := strings.Cut(t.apiVersion, "/")
	if !found {
		return t.plural()
	}
	return t.plural() + "." + group
}

// parse finds what a path is about.
func parse(path string) (target, bool) {
	for _, r := range resources {
		prefix, name, _ := strings.Cut(r.path, " ")
		rest, ok := strings.CutPrefix(path, prefix+"/")
		if !ok {
			continue
		}
		parts := strings.Split(rest, "/")
		t := target{resource: r}
		if r.namespaced && len(parts) >= 3 && parts[0] == "namespaces" {
			t.namespace, parts = parts[1], parts[2:]
		}
		if parts[0] != name || len(parts) > 3 {
			continue
		}
		parts = append(parts, "", "")
		t.name, t.sub = parts[1], parts[2]
		return t, true
	}
	return target{}, false
}

// serve carries out one request on the objects.
func (c *cluster) serve(t target, r *http.Request, body []byte) (any, *refusal) {
	switch {
	case r.Method == http.MethodPost && t.sub == "eviction":
		return c.evict(t)
	case t.sub == "status" && r.Method == http.MethodGet, t.sub == "":
	default:
		return nil, nil
	}
	switch r.Method {
	case http.MethodGet:
		if t.name == "" {
			return c.list(t, r)
		}
		return c.find(t)
	case http.MethodPost:
		return c.create(t, body)
	case http.MethodPut:
		return c.update(t, body)
	case http.MethodPatch:
		return c.patch(t, r.Header.Get("Content-Type"), body)
	case http.MethodDelete:
		o, refused := c.find(t)
		if refused == nil {
			c.store.delete(t.plural(), t.namespace, t.name)
		}
		return o, refused
	}
	return nil, nil
}

func (c *cluster) find(t target) (*object, *refusal) {
	o := c.store.get(t.plural(), t.namespace, t.name)
	if o == nil {
		return nil, refuse(404, "NotFound", "%s %q not found", t.qualified(), t.name)
	}
	return o, nil
}

func (c *cluster) list(t target, r *http.Request) (any, *refusal) {
	query := r.URL.Query()
	selector, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, refuse(400, "BadRequest", "%v", err)
	}
	field, value, _ := strings.Cut(query.Get("fieldSelector"), "=")
	items := []any{}
	for _, o := range c.store.list(t.plural(), t.namespace) {
		if !selector.Matches(labels.Set(o.GetLabels())) {
			continue
		}
		if field != "" {
			if got, _, _ := unstructured.NestedString(o.Object, strings.Split(field, ".")...); got != strings.TrimPrefix(value, "=") {
				continue
			}
		}
		items = append(items, o.Object)
	}
	return map[string]any{
		"apiVersion": t.apiVersion, "kind": t.kind + "List", "metadata": map[string]any{"resourceVersion": strconv.Itoa(c.store.version)}, "items": items,
	}, nil
}

// decode reads an object, which must be of the kind that the path says.
func decode(t target, body []byte) (*object, *refusal) {
	o := &object{}
	if err := json.Unmarshal(body, &o.Object); err != nil {
		return nil, refuse(400, "BadRequest", "the body of the request is no JSON: %v", err)
	}
	if o.GetKind() != t.kind || o.GetAPIVersion() != t.apiVersion {
		return nil, refuse(400, "BadRequest", "the object provided is unrecognized (%s, %s)", o.GetAPIVersion(), o.GetKind())
	}
	if t.namespaced && o.GetNamespace() == "" {
		o.SetNamespace(t.namespace)
	}
	return o, nil
}

func (c *cluster) create(t target, body []byte) (any, *refusal) {
	o, refused := decode(t, body)
	if refused != nil {
		return nil, refused
	}
	if o.GetName() == "" && o.GetGenerateName() != "" {
		o.SetName(o.GetGenerateName() + strconv.Itoa(c.store.version))
	}
	if c.store.get(t.plural(), o.GetNamespace(), o.GetName()) != nil {
		return nil, refuse(409, "AlreadyExists", "%s %q already exists", t.qualified(), o.GetName())
	}
	encodeStringData(o)
	c.store.put(t.plural(), o)
	return o, nil
}

func (c *cluster) update(t target, body []byte) (any, *refusal) {
	o, refused := decode(t, body)
	if refused != nil {
		return nil, refused
	}
	old, refused := c.find(t)
	if refused != nil {
		return nil, refused
	}
	if v := o.GetResourceVersion(); v != "" && v != old.GetResourceVersion() {
		return nil, refuse(409, "Conflict", "Operation cannot be fulfilled on %s %q: the object has been modified; please apply your changes to the latest version and try again", t.qualified(), t.name)
	}
	encodeStringData(o)
	o.SetUID(old.GetUID())
	o.SetCreationTimestamp(old.GetCreationTimestamp())
	c.store.put(t.plural(), o)
	return o, nil
}

func (c *cluster) patch(t target, kind string, body []byte) (any, *refusal) {
	old, refused := c.find(t)
	if refused != nil {
		return nil, refused
	}
	before, err := old.MarshalJSON()
	if err != nil {
		return nil, refuse(500, "InternalError", "%v", err)
	}
	if kind != string(types.MergePatchType) {
		return nil, refuse(415, "UnsupportedMediaType", "the simulator knows no patches of type %q", kind)
	}
	after, err := jsonpatch.MergePatch(before, body)
	if err != nil {
		return nil, refuse(422, "Invalid", "%v", err)
	}
	return c.update(t, after)
}

// evict deletes a pod unless a disruption budget that selects it allows none.
func (c *cluster) evict(t target) (any, *refusal) {
	pod, refused := c.find(t)
	if refused != nil {
		return nil, refused
	}
	for _, budget := range c.store.list("poddisruptionbudgets", t.namespace) {
		match, _, _ := unstructured.NestedStringMap(budget.Object, "spec", "selector", "matchLabels")
		if allowed, _, _ := unstructured.NestedInt64(budget.Object, "status", "disruptionsAllowed"); allowed > 0 {
			continue
		}
		if labels.SelectorFromSet(match).Matches(labels.Set(pod.GetLabels())) {
			return nil, refuse(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
		}
	}
	c.store.delete("pods", t.namespace, t.name)
	return map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Success"}, nil
}

// encodeStringData does what the server does with the readable half of a Secret.
func encodeStringData(o *object) {
	text, found, _ := unstructured.NestedStringMap(o.Object, "stringData")
	if !found {
		return
	}
	unstructured.RemoveNestedField(o.Object, "stringData")
	data, _, _ := unstructured.NestedStringMap(o.Object, "data")
	if data == nil {
		data = map[string]string{}
	}
	for k, v := range text {
		data[k] = base64Of(v)
	}
	_ = unstructured.SetNestedStringMap(o.Object, data, "data")
}

// fromTyped makes an object of a typed one.
func fromTyped(apiVersion, kind string, v any) *object {
	o := &object{}
	if err := json.Unmarshal(mustJSON(v), &o.Object); err != nil {
		panic(err) // of our own types
	}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	return o
}

// node returns a Node in its own type, nil when there is none.
func (s *store) node(name string) *corev1.Node {
	o := s.get("nodes", "", name)
	if o == nil {
		return nil
	}
	n := &corev1.Node{}
	if err := json.Unmarshal(mustJSON(o), n); err != nil {
		panic(err) // written by us
	}
	return n
}

func (s *store) putNode(n *corev1.Node) { s.put("nodes", fromTyped("v1", "Node", n)) }

// configMap writes a ConfigMap of kube-system or another namespace.
func (s *store) configMap(namespace, name string, data map[string]string) {
	o := &object{Object: map[string]any{}}
	o.SetAPIVersion("v1")
	o.SetKind("ConfigMap")
	o.SetNamespace(namespace)
	o.SetName(name)
	_ = unstructured.SetNestedStringMap(o.Object, data, "data")
	s.put("configmaps", o)
}

// configMapData is a value of a ConfigMap of kube-system.
func (s *store) configMapData(name, key string) string {
	o := s.get("configmaps", "kube-system", name)
	if o == nil {
		return ""
	}
	text, _, _ := unstructured.NestedString(o.Object, "data", key)
	return text
}

// secret writes a Secret of kube-system.
func (s *store) secret(name, kind string, data map[string]string) {
	o := &object{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "type": kind}}
	o.SetNamespace("kube-system")
	o.SetName(name)
	encoded := map[string]string{}
	for k, v := range data {
		encoded[k] = base64Of(v)
	}
	_ = unstructured.SetNestedStringMap(o.Object, encoded, "data")
	s.put("secrets", o)
}

// tokenValid tells whether a bootstrap token admits anybody.
func (s *store) tokenValid(token string) bool {
	id, secret, _ := strings.Cut(token, ".")
	o := s.get("secrets", "kube-system", "bootstrap-token-"+id)
	if o == nil {
		return false
	}
	data, _, _ := unstructured.NestedStringMap(o.Object, "data")
	expires, err := time.Parse(time.RFC3339, textOf(data["expiration"]))
	return textOf(data["token-secret"]) == secret && (data["expiration"] == "" || err == nil && time.Now().Before(expires))
}
