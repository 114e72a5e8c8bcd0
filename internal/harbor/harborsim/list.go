package harborsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// sorted gives the values of a map in the order of their ids.
func sorted[V any](m map[int64]V) []V {
	out := make([]V, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[id])
	}
	return out
}

// newestFirst is sorted the other way round: the default of policies and quotas.
func newestFirst[V any](m map[int64]V) []V {
	out := sorted(m)
	slices.Reverse(out)
	return out
}

// list answers with one page of items after the query parameters q, sort, page
// and page_size. fields are those that q and sort know: others are ignored, as
// Harbor does.
func list[T any](c *call, items []T, fields ...string) *answer {
	values := c.URL.Query()
	if refused := checkPage(values); refused != nil {
		return refused
	}
	items, refused := filter(values.Get("q"), items, fields)
	if refused != nil {
		return refused
	}
	order(values.Get("sort"), items, fields)
	return page(c, values, items)
}

func page[T any](c *call, values url.Values, items []T) *answer {
	total := int64(len(items))
	number, size := number(values, "page", 1), number(values, "page_size", 10)
	if size > 0 {
		from := min(max(number-1, 0)*size, total)
		items = items[from:min(from+size, total)]
	}
	header := http.Header{"X-Total-Count": {strconv.FormatInt(total, 10)}}
	if link := links(c.URL, values, total, number, size); link != "" {
		header.Set("Link", link)
	}
	if items == nil {
		items = []T{}
	}
	return &answer{status: 200, header: header, body: items}
}

func links(u *url.URL, values url.Values, total, number, size int64) string {
	if size == 0 {
		return ""
	}
	link := func(rel string, number int64) string {
		v := maps.Clone(values)
		v.Set("page", strconv.FormatInt(number, 10))
		v.Set("page_size", strconv.FormatInt(size, 10))
		return fmt.Sprintf(`<%s?%s>; rel="%s"`, u.Path, v.Encode(), rel)
	}
	var out []string
	if number > 1 && (number-1)*size < total {
		out = append(out, link("prev", number-1))
	}
	if number*size < total {
		out = append(out, link("next", number+1))
	}
	return strings.Join(out, " , ")
}

func checkPage(values url.Values) *answer {
	for _, name := range []string{"page", "page_size"} {
		text, given := query(values, name)
		if !given {
			continue
		}
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			return unprocessable(fmt.Sprintf("%s in query must be of type int64: %q", name, text))
		}
	}
	if number(values, "page_size", 10) > 100 {
		return unprocessable("page_size in query should be less than or equal to 100")
	}
	return nil
}

func number(values url.Values, name string, fallback int64) int64 {
	n, err := strconv.ParseInt(values.Get(name), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}

// filter applies q: comma-separated conditions, name=exact or name=~part.
func filter[T any](q string, items []T, fields []string) ([]T, *answer) {
	if q == "" {
		return items, nil
	}
	// The value has been unescaped by the query parser already; Harbor does it once more.
	if again, err := url.QueryUnescape(q); err == nil {
		q = again
	}
	for condition := range strings.SplitSeq(q, ",") {
		key, want, found := strings.Cut(condition, "=")
		if !found || key == "" || want == "" {
			return nil, refuse(400, `the query string must contain "=" and the key/value cannot be empty`)
		}
		if !slices.Contains(fields, key) {
			continue
		}
		items = slices.DeleteFunc(slices.Clone(items), func(item T) bool {
			have := fmt.Sprint(field(item, key))
			if part, contains := strings.CutPrefix(want, "~"); contains {
				return !strings.Contains(have, part)
			}
			return have != want
		})
	}
	return items, nil
}

func order[T any](by string, items []T, fields []string) {
	key, descending := strings.CutPrefix(by, "-")
	if !slices.Contains(fields, key) {
		return
	}
	slices.SortStableFunc(items, func(a, b T) int {
		n := compare(field(a, key), field(b, key))
		if descending {
			return -n
		}
		return n
	})
}

func compare(a, b any) int {
	x, isNumber := a.(float64)
	y, alsoNumber := b.(float64)
	if isNumber && alsoNumber {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// field reads a field of an item as the client sees it; a dot descends.
func field(item any, key string) any {
	var seen any
	text, _ := json.Marshal(item)
	_ = json.Unmarshal(text, &seen)
	for part := range strings.SplitSeq(key, ".") {
		object, _ := seen.(map[string]any)
		seen = object[part]
	}
	if seen == nil {
		return ""
	}
	return seen
}
