package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

type thing struct {
	Name string `json:"name"`
	Port int    `json:"port"`
	Tags []any  `json:"tags"`
}

func aThing() *api.Object[thing] {
	return &api.Object[thing]{Asked: `the thing "a"`, Is: func(t *thing) bool { return t.Name == "a" }}
}

func someThings() *api.List[thing] {
	return &api.List[thing]{Asked: "a list of things", Is: func(t *thing) bool { return t.Name != "" }}
}

func mapOfThings() *api.Map[thing] {
	return &api.Map[thing]{Asked: "a map of things", Is: func(key string, t thing) bool { return t.Name == key }}
}

// What an answer is instead of what was asked for is said in its error.
func TestAnswersOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		into any
		text string
		want string // "" for success
	}{
		{aThing(), ` {"name":"a","tags":["[null]", "\"[null"]}`, ""},
		{aThing(), `{"name":"b"}`, `something else, where the thing "a" was asked for`},
		{aThing(), `{}`, "something else"},
		{aThing(), `null`, "null"},
		{aThing(), `[]`, "a list"},
		{aThing(), `[{"name":"a"}]`, "a list"},
		{aThing(), `-1`, "a number"},
		{aThing(), `"a"`, "a text"},
		{aThing(), `false`, "true or false"},
		{aThing(), `{"name":"a","port":"80"}`, "something whose `port` is a string"},
		{aThing(), `{"name":"a","port":1e99}`, "something whose `port` is a number"},
		{aThing(), `{"name":"a","tags":[[{"x":[1,null]}]]}`, "a null in a list"},
		{aThing(), `{"name":"a","tags":null}`, ""},
		{someThings(), `[]`, ""},
		{someThings(), `[{"name":"a"}]`, ""},
		{someThings(), `[null]`, "a null in a list, where a list of things was asked for"},
		{someThings(), `[{"name":"a"},{}]`, "a list whose member 2 is something else"},
		{someThings(), `{}`, "an object"},
		{someThings(), `[7]`, "a list of another form"},
		{mapOfThings(), `{}`, ""},
		{mapOfThings(), `{"a":{"name":"a"}}`, ""},
		{mapOfThings(), `{"a":{"name":"b"}}`, "a map of something else"},
		{mapOfThings(), `{"a":null}`, "a map of something else"},
		{mapOfThings(), `{"a":7}`, "an object of another form"},
		{mapOfThings(), `null`, "null"},
	} {
		err := json.Unmarshal([]byte(tt.text), tt.into)
		var other *api.OtherError
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.text, err)
		case tt.want != "" && (!errors.As(err, &other) || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// Its error names request, system and the next step, and leaves open whether a write has worked.
func TestSomethingElseAnswers(t *testing.T) {
	t.Parallel()
	for body, into := range map[string]any{`{"name":"b"}`: aThing(), `{}`: nil} {
		c, err := api.NewClient(api.Config{
			System: "kong", URL: "http://kong.example.internal", URLSetting: "admin_url",
			Base: faulty.Answers(func(*http.Request) faulty.Answer { return faulty.Answer{Body: body} }),
		})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Do(t.Context(), "PUT", "/things/a", nil, nil, into)
		var e *api.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "PUT /things/a: kong answered 200 with ") || !api.Ambiguous(err) {
			t.Fatalf("%s: %v", body, err)
		}
		if !strings.Contains(e.Hint(), "a cache in between") || !strings.Contains(e.Hint(), "`admin_url` in the provider's `kong` block") {
			t.Errorf("hint %q", e.Hint())
		}
	}
}

// Whatever comes, reading it ends without a panic, and what passes is what was asked for.
func FuzzAnswers(f *testing.F) {
	for _, text := range faulty.Others {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, list, byName := aThing(), someThings(), mapOfThings()
		if json.Unmarshal([]byte(text), one) == nil && one.Value.Name != "a" {
			t.Errorf("%s is taken for the thing a", text)
		}
		if json.Unmarshal([]byte(text), list) == nil {
			for _, v := range list.Values {
				if v.Name == "" {
					t.Errorf("%s is taken for a list of things", text)
				}
			}
		}
		if json.Unmarshal([]byte(text), byName) == nil {
			for name, v := range byName.Values {
				if v.Name != name {
					t.Errorf("%s is taken for a map of things", text)
				}
			}
		}
	})
}
