package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const module = "github.com/onprem-tools/terraform-provider-onprem/"

func TestReport(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		events []string
		want   counts
		says   []string
	}{
		"passes": {
			events: []string{
				`{"Action":"start","Package":"` + module + `internal/a"}`,
				`{"Action":"pass","Package":"` + module + `internal/a","Test":"TestOne/sub"}`,
				`{"Action":"pass","Package":"` + module + `internal/a","Test":"TestOne"}`,
				`{"Action":"pass","Package":"` + module + `internal/a","Elapsed":1.5}`,
			},
			want: counts{Passed: 2},
			says: []string{"ok      internal/a", "1.5s  2 passed"},
		},
		"a failure shows its output": {
			events: []string{
				`{"Action":"output","Package":"` + module + `internal/a","Test":"TestOne","Output":"    a_test.go:7: got 1, want 2\n"}`,
				`{"Action":"fail","Package":"` + module + `internal/a","Test":"TestOne"}`,
				`{"Action":"fail","Package":"` + module + `internal/a"}`,
			},
			want: counts{Failed: 1},
			says: []string{"got 1, want 2", "FAILED  internal/a", "failed:  internal/a TestOne"},
		},
		"a skip shows its reason": {
			events: []string{
				`{"Action":"output","Package":"` + module + `internal/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}`,
				`{"Action":"output","Package":"` + module + `internal/a","Test":"TestOne","Output":"    a_test.go:7: needs HARBOR_URL\n"}`,
				`{"Action":"output","Package":"` + module + `internal/a","Test":"TestOne","Output":"--- SKIP: TestOne (0.00s)\n"}`,
				`{"Action":"skip","Package":"` + module + `internal/a","Test":"TestOne"}`,
				`{"Action":"pass","Package":"` + module + `internal/a"}`,
			},
			want: counts{Skipped: 1},
			says: []string{"skipped: internal/a TestOne: a_test.go:7: needs HARBOR_URL\n"},
		},
		"a package that does not build is a failure": {
			events: []string{
				`{"Action":"build-output","ImportPath":"` + module + `internal/a","Output":"a.go:3:1: syntax error\n"}`,
				`{"Action":"build-fail","ImportPath":"` + module + `internal/a"}`,
				`{"Action":"fail","Package":"` + module + `internal/a"}`,
			},
			want: counts{Failed: 1},
			says: []string{"a.go:3:1: syntax error", "failed:  internal/a\n"},
		},
		"a panic is a failure of the package, with the test's output": {
			events: []string{
				`{"Action":"output","Package":"` + module + `internal/a","Test":"TestOne","Output":"panic: nil map\n"}`,
				`{"Action":"fail","Package":"` + module + `internal/a"}`,
			},
			want: counts{Failed: 1},
			says: []string{"panic: nil map"},
		},
		"what is no event is shown":         {events: []string{"go: downloading x"}, says: []string{"go: downloading x"}},
		"packages without tests are silent": {events: []string{`{"Action":"skip","Package":"` + module + `internal/b"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			r := newReport(&out)
			if err := r.read(strings.NewReader(strings.Join(tc.events, "\n"))); err != nil {
				t.Fatal(err)
			}
			r.summary()
			if r.total != tc.want {
				t.Errorf("got %+v, want %+v", r.total, tc.want)
			}
			for _, want := range tc.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("output lacks %q:\n%s", want, out.String())
				}
			}
		})
	}
}

func TestReportSaysWhatRuns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newReport(&out)
	r.line([]byte(`{"Action":"start","Package":"` + module + `internal/slow"}`))
	r.stillRunning(time.Now())
	if out.Len() > 0 {
		t.Errorf("spoke too early: %s", out.String())
	}
	r.stillRunning(time.Now().Add(2 * quiet))
	if !strings.Contains(out.String(), "running internal/slow") {
		t.Errorf("got %q", out.String())
	}
}
