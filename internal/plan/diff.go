package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

const (
	// maxValue is how many bytes of a value are shown.
	maxValue = 200
	// maxLines is how many lines of the difference inside a text are shown.
	maxLines = 60
	// maxDiffed is up to where texts are compared line by line.
	maxDiffed = 1 << 20
	// maxAttrs is how much of one object's attributes is kept, in bytes.
	maxAttrs = 16 << 10
)

// KnownAfterApply stands for a value that the plan does not know.
const KnownAfterApply = "(known after apply)"

// secretChanged stands for the new value of a secret that changes.
const secretChanged = "(sensitive value, changes)"

// secretOnly says of a value that stays as it is whether it is secret from now on.
var secretOnly = map[bool]string{true: "(the same value, sensitive from now on)", false: "(the same value, no longer sensitive)"}

// pair is a value before and after, with the plan's parallel trees of flags.
type pair struct {
	before, after                any
	unknown, wasSecret, isSecret any
	// forces are the paths below this value that make a replacement necessary;
	// an empty path is the value itself.
	forces [][]any
}

// child is what stands at a key of a map, or an index of a list.
func (p pair) child(before, after, key any) pair {
	c := pair{
		before: before, after: after,
		unknown:   at(p.unknown, key),
		wasSecret: at(p.wasSecret, key),
		isSecret:  at(p.isSecret, key),
	}
	for _, path := range p.forces {
		switch {
		case len(path) == 0:
			c.forces = append(c.forces, path)
		case path[0] == pathStep(key):
			c.forces = append(c.forces, path[1:])
		}
	}
	return c
}

// pathStep writes a key as decoded plans have it.
func pathStep(key any) any {
	if i, ok := key.(int); ok {
		return json.Number(strconv.Itoa(i))
	}
	return key
}

// differ lists the attributes that differ between two values.
type differ struct {
	mask *masker
	// brief leaves out what is unknown or empty: in an object that is created
	// these are most attributes, and say nothing.
	brief   bool
	attrs   []Attr
	size    int
	omitted int
}

func (d *differ) walk(path string, p pair) {
	secret := p.wasSecret == true || p.isSecret == true
	switch before, after := p.before, p.after; {
	case secret:
		d.secret(path, p)
	case p.unknown == true:
		if !d.brief {
			d.emit(path, p, Attr{Before: d.value(before, p.wasSecret), After: KnownAfterApply})
		}
	case isMap(before, after):
		d.maps(path, p)
	case isList(before, after):
		d.lists(path, p)
	case same(before, after):
	default:
		d.scalar(path, p)
	}
}

func isMap(before, after any) bool {
	b, isB := before.(map[string]any)
	a, isA := after.(map[string]any)
	return (isB || before == nil) && (isA || after == nil) && len(b)+len(a) > 0
}

func isList(before, after any) bool {
	b, isB := before.([]any)
	a, isA := after.([]any)
	return (isB || before == nil) && (isA || after == nil) && len(b)+len(a) > 0
}

func (d *differ) secret(path string, p pair) {
	switch {
	case p.unknown == true:
		if !d.brief {
			d.emit(path, p, Attr{Before: maskedUnless(p.before == nil), After: KnownAfterApply})
		}
	case same(p.before, p.after):
		if p.before != nil && anyTrue(p.wasSecret) != anyTrue(p.isSecret) {
			d.emit(path, p, Attr{After: secretOnly[anyTrue(p.isSecret)]})
		}
	case p.before == nil || p.after == nil:
		d.emit(path, p, Attr{Before: maskedUnless(p.before == nil), After: maskedUnless(p.after == nil)})
	default:
		d.emit(path, p, Attr{Before: Masked, After: secretChanged})
	}
}

func maskedUnless(absent bool) string {
	if absent {
		return ""
	}
	return Masked
}

func (d *differ) maps(path string, p pair) {
	before, _ := p.before.(map[string]any)
	after, _ := p.after.(map[string]any)
	unknown, _ := p.unknown.(map[string]any)
	keys := map[string]struct{}{}
	for _, m := range []map[string]any{before, after, unknown} {
		for key := range m {
			keys[key] = struct{}{}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		d.walk(d.join(path, key), p.child(before[key], after[key], key))
	}
}

// lists compares what is left between the elements that are equal at the start
// and at the end, so that one element more is one line and not a hundred.
func (d *differ) lists(path string, p pair) {
	before, _ := p.before.([]any)
	after, _ := p.after.([]any)
	equal := func(i, j int) bool { return same(before[i], after[j]) && !anyTrue(at(p.unknown, j)) }
	start := 0
	for start < min(len(before), len(after)) && equal(start, start) {
		start++
	}
	endBefore, endAfter := len(before), len(after)
	for endBefore > start && endAfter > start && equal(endBefore-1, endAfter-1) {
		endBefore--
		endAfter--
	}
	for i := start; i < max(endBefore, endAfter); i++ {
		var old, now any
		if i < endBefore {
			old = before[i]
		}
		if i < endAfter {
			now = after[i]
		}
		d.walk(fmt.Sprintf("%s[%d]", path, i), p.child(old, now, i))
	}
}

func (d *differ) scalar(path string, p pair) {
	a := Attr{Before: d.value(p.before, p.wasSecret), After: d.value(p.after, p.isSecret)}
	old, oldText := p.before.(string)
	now, nowText := p.after.(string)
	switch {
	case d.brief && isEmpty(p.after):
		return
	case oldText && nowText && d.mask.Text(old) == d.mask.Text(now):
		a.After = secretChanged
	case oldText && nowText && (long(old) || long(now)):
		a = d.inside(old, now)
	}
	d.emit(path, p, a)
}

func long(s string) bool { return len(s) > maxValue/2 || strings.Contains(s, "\n") || isJSON(s) }

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func (d *differ) emit(path string, p pair, a Attr) {
	a.Path, a.Forces = path, len(p.forces) > 0
	if a.Path == "" {
		a.Path = "(whole object)"
	}
	a.Path = shown(a.Path)
	if d.size += a.size(); d.size > maxAttrs {
		d.omitted++
		return
	}
	d.attrs = append(d.attrs, a)
}

// value writes a value as HCL has it, masked and shortened.
func (d *differ) value(v, flags any) string {
	if v == nil {
		return ""
	}
	if anyTrue(flags) {
		return Masked
	}
	switch v := v.(type) {
	case string:
		short, note := cut(d.mask.Text(v), maxValue)
		return quote(short) + note
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		short, note := cut(d.mask.text(string(text)), maxValue)
		return short + note
	}
}

// inside gives the difference between two long texts.
func (d *differ) inside(before, after string) Attr {
	before, after = d.lines(before), d.lines(after)
	if before == after {
		return Attr{Lines: []string{" (the same JSON in another layout)"}}
	}
	if !strings.Contains(strings.TrimSuffix(before+after, "\n"), "\n") || len(before)+len(after) > maxDiffed {
		return d.window(before, after)
	}
	before, after = terminated(before), terminated(after)
	unified, err := udiff.ToUnifiedDiff("", "", before, udiff.Lines(before, after), 2)
	if err != nil {
		return d.window(before, after)
	}
	var a Attr
	total := 0
	for i, hunk := range unified.Hunks {
		if i > 0 {
			a.Lines = append(a.Lines, " …")
		}
		for _, line := range hunk.Lines {
			if total++; total <= maxLines {
				a.Lines = append(a.Lines, sign[line.Kind]+shown(strings.TrimSuffix(line.Content, "\n")))
			}
		}
	}
	if total > maxLines {
		a.Lines = append(a.Lines[:min(len(a.Lines), maxLines)], fmt.Sprintf(" … %s more lines", thousands(total-maxLines)))
	}
	return a
}

var sign = map[udiff.OpKind]string{udiff.Delete: "-", udiff.Insert: "+", udiff.Equal: " "}

func terminated(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// lines masks a text, and lays it out over lines where it is JSON. It masks
// again afterwards, because the layout changes what stands beside what.
func (d *differ) lines(s string) string {
	s = d.mask.Text(s)
	if !isJSON(s) {
		return s
	}
	var b bytes.Buffer
	if json.Indent(&b, []byte(strings.TrimSpace(s)), "", "  ") != nil {
		return s
	}
	return d.mask.Text(b.String())
}

func isJSON(s string) bool {
	s = strings.TrimSpace(s)
	return (strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[")) && len(s) > 2 && json.Valid([]byte(s))
}

// window shows where two long lines differ, and a little around it.
func (d *differ) window(before, after string) Attr {
	if len(before) <= maxValue && len(after) <= maxValue {
		return Attr{Before: quote(before), After: quote(after)}
	}
	const around = 30
	shorter := min(len(before), len(after))
	start, end := 0, 0
	for start < shorter && before[start] == after[start] {
		start++
	}
	for end < shorter-start && before[len(before)-1-end] == after[len(after)-1-end] {
		end++
	}
	start, end = max(0, start-around), max(0, end-around)
	show := func(s string) string {
		from, to := boundary(s, start), boundary(s, len(s)-end)
		short, note := cut(s[from:to], maxValue)
		text := quote(short)
		if from > 0 {
			text = "…" + text
		}
		if note == "" && to < len(s) {
			text += "…"
		}
		return text + note
	}
	return Attr{Before: show(before), After: show(after)}
}

// boundary moves an offset back to the start of a character.
func boundary(s string, i int) int {
	for i > 0 && i < len(s) && s[i]&0xC0 == 0x80 {
		i--
	}
	return i
}

var identifier = lazyregexp.New(`^[\pL_][\pL\pN_-]*$`)

// join extends a path by a key. The first step is an attribute's name, which
// comes from the schema; further ones may be keys of maps, and those are masked.
func (d *differ) join(path, key string) string {
	if path == "" {
		return visible(key)
	}
	if key = d.mask.Text(key); identifier.MatchString(key) {
		return path + "." + key
	}
	short, note := cut(key, maxValue)
	return path + "[" + strconv.Quote(short) + note + "]"
}

// path writes a path as plans have it.
func (d *differ) path(steps []any) string {
	path := ""
	for _, step := range steps {
		switch s := step.(type) {
		case string:
			path = d.join(path, s)
		default:
			path += fmt.Sprintf("[%v]", s)
		}
	}
	return path
}
