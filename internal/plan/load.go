package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// loader makes a unit of a plan that was scanned, in the second reading.
type loader struct {
	mask *masker
	unit *Unit
	// sums are the hashes of what an apply would do, for the digest.
	sums [][]byte
	hash func([]byte) []byte
}

func (l *loader) load(file fs.File, found *scan, room int) error {
	l.unit.Mocked, l.unit.Incomplete = found.mocked, found.incomplete
	for _, c := range found.checks {
		l.check(c)
	}
	l.unit.Changes = slices.Grow(l.unit.Changes, found.changes)
	position := int64(0)
	for _, at := range found.spans {
		raw, err := readSpan(file, at, position)
		if err == nil {
			err = l.section(at.section, raw)
		}
		if err != nil {
			return readable(err)
		}
		position = at.offset + at.length
	}
	l.unit.State = Unchanged
	if l.unit.Counts.Changes() {
		l.unit.State = Changed
	}
	if found.errored {
		l.unit.State, l.unit.Error = Failed, "The plan is not whole: planning ended with an error."
	}
	l.sort()
	l.trim(room)
	return nil
}

// readSpan reads a part of a file that stands at position.
func readSpan(file fs.File, at span, position int64) ([]byte, error) {
	var err error
	if seeker, ok := file.(io.Seeker); ok {
		_, err = seeker.Seek(at.offset, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, file, at.offset-position)
	}
	if err != nil {
		return nil, err
	}
	raw := make([]byte, at.length)
	_, err = io.ReadFull(file, raw)
	return bytes.TrimLeft(raw, ",: \t\r\n"), err
}

func (l *loader) section(section string, raw []byte) error {
	switch section {
	case "resource_changes":
		return with(raw, l.change)
	case "resource_drift":
		return with(raw, l.drift)
	case "deferred_changes":
		return with(raw, l.deferred)
	case "action_invocations":
		return with(raw, l.invoked)
	default:
		return with(raw, l.outputs)
	}
}

func with[T any](raw []byte, use func(T)) error {
	var v T
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return err
	}
	use(v)
	return nil
}

func (l *loader) change(raw rawChange[any]) {
	c, values := l.object(raw)
	l.unit.Changes = append(l.unit.Changes, c)
	l.unit.Counts.count(c)
	if c.Action != Read {
		l.sign("change", raw, values)
	}
}

func (c *Counts) count(change Change) {
	switch change.Action {
	case Destroy:
		c.Destroy++
	case Replace:
		c.Replace++
	case Forget:
		c.Forget++
	case Update:
		c.Update++
	case Create:
		c.Create++
	case Read:
		c.Read++
	case Keep:
	}
	if change.Imported != "" {
		c.Import++
	}
	if change.MovedFrom != "" {
		c.Move++
	}
}

func (l *loader) drift(raw rawChange[any]) {
	c, _ := l.object(raw)
	l.unit.Drift = append(l.unit.Drift, c)
	l.unit.Counts.Drift++
}

func (l *loader) deferred(raw rawDeferred[any]) {
	c, values := l.object(raw.Change)
	c.Reason = l.mask.text(words(l.mask.Text(raw.Reason)))
	l.unit.Deferred = append(l.unit.Deferred, c)
	l.unit.Counts.Deferred++
	l.sign("deferred", raw.Change, values)
}

func (l *loader) invoked(raw rawInvoked) {
	l.unit.Invoked = append(l.unit.Invoked, Invoked{
		Address: l.mask.address(raw.Address),
		Trigger: l.mask.address(raw.Trigger.Address),
	})
	l.unit.Counts.Invoked++
	l.sums = append(l.sums, l.hash(canonical(nil, []any{"invoked", raw.Address, raw.Trigger.Address, decode(raw.Config)})))
}

func (l *loader) outputs(raw map[string]rawValues[any]) {
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		output := raw[name]
		action := actionOf(output.Actions)
		if action == Keep {
			continue
		}
		values := l.values(output)
		l.sign("output", rawChange[any]{Address: name, Change: output}, values)
		d := differ{mask: l.mask}
		name = shown(name)
		d.walk(name, values)
		l.unit.Outputs = append(l.unit.Outputs, Output{Name: name, Action: action, Attrs: d.attrs, Omitted: d.omitted})
		l.unit.Counts.Outputs++
	}
}

func (l *loader) check(raw rawCheck) {
	c := Check{Address: l.mask.address(raw.Address.Display), Status: raw.Status}
	for _, instance := range raw.Instances {
		for _, problem := range instance.Problems {
			c.Problems = append(c.Problems, l.mask.paragraph(problem.Message))
		}
	}
	l.unit.Checks = append(l.unit.Checks, c)
	l.unit.Counts.Checks++
}

func (l *loader) values(raw rawValues[any]) pair {
	return pair{
		before:    raw.Before,
		after:     raw.After,
		unknown:   raw.AfterUnknown,
		wasSecret: raw.BeforeSensitive,
		isSecret:  raw.AfterSensitive,
		forces:    replacePaths(raw.ReplacePaths),
	}
}

func replacePaths(value any) [][]any {
	list, _ := value.([]any)
	var paths [][]any
	for _, element := range list {
		if path, ok := element.([]any); ok {
			paths = append(paths, path)
		}
	}
	return paths
}

// object describes what happens to a resource.
func (l *loader) object(raw rawChange[any]) (Change, pair) {
	c := Change{
		Address: l.mask.address(raw.Address),
		Action:  actionOf(raw.Change.Actions),
		Deposed: l.mask.text(raw.Deposed),
		Reason:  l.mask.text(reason(l.mask.Text(raw.ActionReason))),
	}
	if c.Action == Replace {
		c.CreateFirst = raw.Change.Actions[0] == "create"
		c.Abandons = slices.Contains(raw.Change.Actions, "forget")
	}
	if c.Action == Destroy || c.Action == Replace {
		c.Stateful = stateful(raw.Type)
	}
	if raw.moved() {
		c.MovedFrom = l.mask.text(raw.PreviousAddress)
	}
	if raw.Change.Importing != nil {
		c.Imported = l.importID(*raw.Change.Importing)
	}
	values := l.values(raw.Change)
	if c.Action == Update {
		c.Ways = l.ways(raw.Type, values)
	}
	l.attributes(&c, values)
	return c, values
}

func (l *loader) importID(raw rawImport) string {
	id := raw.ID
	if id == "" {
		id = string(raw.Identity)
	}
	return cmp.Or(l.mask.text(id), "an id not known yet")
}

// attributes lists what changes inside the object. Of one that goes away it is
// enough to know which one it is.
func (l *loader) attributes(c *Change, values pair) {
	d := differ{mask: l.mask}
	for _, path := range values.forces {
		c.ForcedBy = append(c.ForcedBy, shown(d.path(path)))
	}
	switch c.Action {
	case Destroy, Forget:
		values = identity(values)
	case Create, Read:
		d.brief = true
	}
	d.walk("", values)
	c.Attrs, c.Omitted = d.attrs, d.omitted
	// What forces the replacement is what the reader looks for.
	slices.SortStableFunc(c.Attrs, func(a, b Attr) int {
		switch {
		case a.Forces == b.Forces:
			return 0
		case a.Forces:
			return -1
		}
		return 1
	})
}

// identity reduces an object to the attributes that name it.
func identity(p pair) pair {
	object, ok := p.before.(map[string]any)
	if !ok || p.wasSecret == true {
		return pair{}
	}
	names := map[string]any{}
	for _, name := range []string{"id", "name", "namespace"} {
		if _, isText := object[name].(string); isText {
			names[name] = object[name]
		}
	}
	return pair{before: names, wasSecret: p.wasSecret}
}

func actionOf(actions []string) Action {
	has := func(name string) bool { return slices.Contains(actions, name) }
	switch {
	case has("create") && (has("delete") || has("forget")):
		return Replace
	case has("delete"):
		return Destroy
	case has("forget"):
		return Forget
	case has("create"):
		return Create
	case has("read"):
		return Read
	case has("no-op"):
		return Keep
	default:
		return Update // what a newer version calls by another name is some change
	}
}

var reasons = map[string]string{
	"replace_because_tainted":           "it is tainted",
	"replace_because_cannot_update":     "", // ForcedBy says it
	"replace_by_request":                "asked for with -replace",
	"replace_by_triggers":               "replace_triggered_by",
	"delete_because_no_resource_config": "no longer in the configuration",
	"delete_because_no_module":          "its module is no longer in the configuration",
	"delete_because_wrong_repetition":   "count or for_each was added or removed",
	"delete_because_count_index":        "its index is beyond count",
	"delete_because_each_key":           "its key is no longer in for_each",
	"delete_because_no_move_target":     "it is moved to where nothing is configured",
	"read_because_config_unknown":       "its configuration is not known yet",
	"read_because_dependency_pending":   "it depends on something that changes",
	"read_because_check_nested":         "it is part of a check",
}

// reason says in words what the plan has a code for. The code is masked before
// and after: its spelling may be a secret's.
func reason(code string) string {
	if text, ok := reasons[code]; ok {
		return text
	}
	return words(code)
}

func words(code string) string { return strings.ReplaceAll(code, "_", " ") }

func (l *loader) sort() {
	order := func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.Action.risk(), b.Action.risk()),
			cmp.Compare(b.Stateful, a.Stateful), // "" is last
			cmp.Compare(a.Address, b.Address),
			cmp.Compare(a.Deposed, b.Deposed),
		)
	}
	for _, changes := range [][]Change{l.unit.Changes, l.unit.Drift, l.unit.Deferred} {
		slices.SortStableFunc(changes, order)
	}
}

// trim drops attributes beyond what there is room for, from the least dangerous
// changes. The changes themselves stay.
func (l *loader) trim(room int) {
	for _, changes := range [][]Change{l.unit.Changes, l.unit.Deferred, l.unit.Drift} {
		for i := range changes {
			c := &changes[i]
			if room -= attrSize(c.Attrs); room < 0 {
				c.Omitted += len(c.Attrs)
				c.Attrs = nil
			}
		}
	}
}

func attrSize(attrs []Attr) int {
	size := 0
	for _, a := range attrs {
		size += a.size()
	}
	return size
}

// size is about what the attribute takes in memory.
func (a Attr) size() int {
	size := len(a.Path) + len(a.Before) + len(a.After) + 100
	for _, line := range a.Lines {
		size += len(line) + 16
	}
	return size
}

// sign adds a change to the digest.
func (l *loader) sign(kind string, raw rawChange[any], values pair) {
	imported := any(nil)
	if i := raw.Change.Importing; i != nil {
		imported = []any{i.ID, decode(i.Identity)}
	}
	actions := fmt.Sprint(raw.Change.Actions)
	l.sums = append(l.sums, l.hash(canonical(nil, []any{
		kind, raw.Address, raw.PreviousAddress, raw.Deposed, actions, imported,
		values.before, values.after, values.unknown,
	})))
}
