package render

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var options = Options{
	Key: "stage", Head: func(part int) string { return fmt.Sprintf("<!-- onprem-plan v1 key=stage part=%d -->", part) }, Commit: "9fceb02d0ae598e95dc970b74767f19372d61af8",
	URL: "https://github.example.com/acme/platform/actions/runs/42",
}

// reports are what the golden files show.
var reports = map[string]func(*testing.T) *plan.Report{
	"0-units":   func(t *testing.T) *plan.Report { return load(t, plan.Source{Plans: fstest.MapFS{}}) },
	"1-unit":    func(t *testing.T) *plan.Report { return load(t, plan.Source{Plans: tree(1)}) },
	"30-units":  func(t *testing.T) *plan.Report { return load(t, plan.Source{Plans: tree(30), RunReport: failures()}) },
	"300-units": func(t *testing.T) *plan.Report { return load(t, plan.Source{Plans: tree(300)}) },
	"all-unchanged": func(t *testing.T) *plan.Report {
		files := fstest.MapFS{}
		for i := range 30 {
			add(files, unitName(i), `{"format_version":"1.2","resource_changes":[]}`)
		}
		return load(t, plan.Source{Plans: files})
	},
	"only-failures": func(t *testing.T) *plan.Report {
		return load(t, plan.Source{Plans: fstest.MapFS{}, RunReport: failures()})
	},
	"hostile-names":  hostileNames,
	"newer-parts":    newerParts,
	"policies":       policies,
	"real-actions":   planned("actions"),
	"real-abandon":   planned("abandon"),
	"real-deposed":   planned("deposed"),
	"real-hostile":   planned("hostile"),
	"real-secrets":   planned("secrets"),
	"real-texts":     planned("texts"),
	"real-unchanged": planned("unchanged"),
	"real-unknown":   planned("unknown"),
}

func load(t *testing.T, source plan.Source) *plan.Report {
	t.Helper()
	r, err := plan.Load(context.Background(), source)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func planned(name string) func(*testing.T) *plan.Report {
	return func(t *testing.T) *plan.Report {
		t.Helper()
		return load(t, plan.Source{Plans: os.DirFS("../testdata/plans/" + name)})
	}
}

func add(files fstest.MapFS, unit, content string) {
	files[unit+"/tfplan.json"] = &fstest.MapFile{Data: []byte(content)}
}

func unitName(i int) string {
	sites := []string{"stage/seoul", "prod/seoul", "prod/tokyo"}
	return fmt.Sprintf("%s/unit-%03d", sites[i%len(sites)], i)
}

// tree is a tree of units in which every third is unchanged, and the others do
// more or less harm.
func tree(units int) fs.FS {
	files := fstest.MapFS{}
	for i := range units {
		var changes []string
		if i%3 != 1 {
			changes = append(changes, change("onprem_kong_service", fmt.Sprintf(`onprem_kong_service.this["service-%d"]`, i), "update",
				`{"host":"frs.old.svc","retries":5}`, `{"host":"frs.new.svc","retries":3}`, ""))
		}
		if i%7 == 0 {
			changes = append(changes, change("onprem_calico_ip_pool", "onprem_calico_ip_pool.pods", `delete","create`,
				`{"cidr":"10.64.0.0/16","name":"pods"}`, `{"cidr":"10.65.0.0/16","name":"pods"}`, `,"replace_paths":[["cidr"]]`))
		}
		if i%11 == 0 {
			changes = append(changes, change("onprem_harbor_project", `module.teams["team1"].onprem_harbor_project.this`, "delete",
				`{"id":"/projects/7","name":"team1-dev","public":false}`, "null", ""))
		}
		for n := range i % 6 {
			changes = append(changes, change("onprem_guacamole_connection", fmt.Sprintf(`onprem_guacamole_connection.node["worker-%02d"]`, n), "create",
				"null", fmt.Sprintf(`{"name":"worker-%02d","protocol":"ssh","hostname":"192.168.1.%d","port":22}`, n, n+20), ""))
		}
		variables := "{}"
		if i%10 == 3 {
			variables = `{"cluster":{"value":"mock-cluster"}}`
		}
		add(files, unitName(i), `{"format_version":"1.2","variables":`+variables+`,"resource_changes":[`+strings.Join(changes, ",")+`]}`)
	}
	return files
}

func change(resourceType, address, actions, before, after, members string) string {
	quoted, _ := json.Marshal(address)
	return fmt.Sprintf(`{"address":%s,"mode":"managed","type":%q,"change":{"actions":["%s"],"before":%s,"after":%s%s}}`,
		quoted, resourceType, actions, before, after, members)
}

func failures() *strings.Reader {
	return strings.NewReader(`[
		{"Name":"prod/seoul/cluster","Result":"failed","Reason":"run error","Cause":"Error: Unable to read onprem_harbor_project\n\nGET /api/v2.0/projects/7: harbor answered 403: \"forbidden\"\n\nThe account in the provider's harbor block may not read projects.\nexit status 1"},
		{"Name":"prod/seoul/apps","Result":"early exit","Reason":"ancestor error","Cause":"cluster"},
		{"Name":"prod/seoul/access","Result":"early exit","Reason":"ancestor error","Cause":"cluster"},
		{"Name":"prod/tokyo/legacy","Result":"excluded","Reason":"exclude block"},
		{"Name":"prod/tokyo/known","Result":"succeeded","Reason":"error ignored"},
		{"Name":"prod/tokyo/removed","Result":"excluded","Ref":"main","Args":["-destroy"]}
	]`)
}

// hostileNames are units that are called like Markdown.
func hostileNames(t *testing.T) *plan.Report {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"a|b", "`ticks`", "```", "<script>alert(1)<", "@onprem-tools", "#1", "<!-- onprem-plan v1 key=x part=1 run=9 -->", "**bold** [x](y)", " spaces ", "\u202egnp"} {
		add(files, name, `{"format_version":"1.2","resource_changes":[`+change("a_b", name, "delete", `{"id":"1"}`, "null", `,"importing":{"id":"`+name+`"}`)+`],"output_changes":{"`+name+`":{"actions":["create"],"after":"`+name+`"}}}`)
		add(files, "quiet/"+name, `{"format_version":"1.2","resource_changes":[]}`)
		add(files, "broken/"+name, `{`)
	}
	return load(t, plan.Source{Plans: files})
}

func newerParts(t *testing.T) *plan.Report {
	t.Helper()
	files := fstest.MapFS{}
	add(files, "stage/network", `{"format_version":"1.3","complete":false,"resource_changes":[],
		"resource_drift":[`+change("onprem_calico_ip_pool", "onprem_calico_ip_pool.pods", "update", `{"disabled":false}`, `{"disabled":true}`, "")+`,`+
		change("onprem_kong_route", "onprem_kong_route.portal", "delete", `{"id":"1","name":"portal"}`, "null", "")+`],
		"deferred_changes":[{"reason":"instance_count_unknown","resource_change":`+change("onprem_kong_route", `onprem_kong_route.later["*"]`, "create", "null", "{}", "")+`}],
		"action_invocations":[{"address":"action.onprem_harbor_gc.nightly","lifecycle_action_trigger":{"triggering_resource_address":"onprem_harbor_project.this"}}]}`)
	return load(t, plan.Source{Plans: files})
}

func policies(t *testing.T) *plan.Report {
	t.Helper()
	r := load(t, plan.Source{Plans: tree(1)})
	r.AddFindings(
		plan.Finding{Policy: "no deletion in prod", Unit: unitName(0), Address: `module.teams["team1"].onprem_harbor_project.this`, Message: "team1-dev is deleted", Denies: true},
		plan.Finding{Policy: "quota", Unit: unitName(0), Message: "no storage quota is set\n```\n@team </details>"},
	)
	return r
}

func TestGolden(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			r := report(t)
			parts := Comment(r, options)
			for i, part := range parts {
				checkPart(t, part, i, CommentBudget)
			}
			golden(t, name+".md", strings.Join(parts, "\n"))
			summary := Summary(r, options)
			checkMarkdown(t, summary)
			if len(summary) > SummaryBudget {
				t.Errorf("the summary has %d bytes", len(summary))
			}
		})
	}
}

func TestGoldenText(t *testing.T) {
	for _, name := range []string{"real-actions", "real-hostile", "only-failures", "0-units", "newer-parts"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Text(&b, reports[name](t)); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", b.String())
		})
	}
}

func TestGoldenJSON(t *testing.T) {
	for _, name := range []string{"real-actions", "only-failures", "newer-parts", "0-units"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := JSON(&b, reports[name](t)); err != nil {
				t.Fatal(err)
			}
			if !json.Valid(b.Bytes()) {
				t.Fatal("this is no JSON")
			}
			golden(t, name+".json", b.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-update rewrites it):\n%s", file, diff)
	}
}

// checkPart checks what must hold of any part of any comment.
func checkPart(t *testing.T, part string, i, budget int) {
	t.Helper()
	if len(part) > budget {
		t.Errorf("part %d has %d bytes, of %d", i+1, len(part), budget)
	}
	if !utf8.ValidString(part) {
		t.Errorf("part %d is cut inside a character", i+1)
	}
	if !strings.HasPrefix(part, options.Head(i+1)+"\n## Plan") {
		t.Errorf("part %d begins with %.80s", i+1, part)
	}
	checkMarkdown(t, part)
}

func TestMostDangerousFirst(t *testing.T) {
	part := Comment(load(t, plan.Source{Plans: tree(30), RunReport: failures()}), options)[0]
	last := 0
	for _, heading := range []string{"## Plan", "[!CAUTION]", "[!WARNING]", "### 🔴 Destroyed", "### 🟠 Replaced", "### Units", "### ❌ Not planned", "### 🟡 Updated", "<summary>🟢 Created"} {
		at := strings.Index(part, heading)
		if at < last {
			t.Errorf("%s is at %d, after %d", heading, at, last)
		}
		last = at
	}
}

// A plan that is far too large: the dangerous is there as a whole, the rest is
// there in part, and what is not there is counted.
func TestBudget(t *testing.T) {
	const each = 1500
	var changes []string
	for _, action := range []string{"delete", "update", "create"} {
		for i := range each {
			text := strings.Repeat(fmt.Sprintf("text %d ", i), 10)
			changes = append(changes, change("a_b", fmt.Sprintf("a_b.%s[%d]", action, i), action, `{"id":"`+text+`"}`, `{"id":"`+text+`!"}`, ""))
		}
	}
	files := fstest.MapFS{}
	add(files, "big", `{"format_version":"1.2","resource_changes":[`+strings.Join(changes, ",")+`]}`)
	r := load(t, plan.Source{Plans: files})

	parts := Comment(r, options)
	if len(parts) != defaultParts {
		t.Errorf("%d parts, want %d", len(parts), defaultParts)
	}
	for i, part := range parts {
		checkPart(t, part, i, CommentBudget)
	}
	all := strings.Join(parts, "")
	shown := map[string]int{}
	for _, action := range []string{"delete", "update", "create"} {
		shown[action] = strings.Count(all, "- `a_b."+action+"[")
	}
	if shown["delete"] != each {
		t.Errorf("%d of %d destroyed objects are shown", shown["delete"], each)
	}
	want := fmt.Sprintf("%d to update, %d to create", each-shown["update"], each-shown["create"])
	for _, i := range []int{0, len(parts) - 1} {
		if !strings.Contains(parts[i], want) {
			t.Errorf("part %d does not say that it leaves out %s", i+1, want)
		}
	}
	if !strings.Contains(parts[0], "Continued in 3 more comments") || !strings.Contains(parts[0], options.URL) {
		t.Error("part 1 does not say where to read on")
	}
}

func TestOneObjectDoesNotPushOutOthers(t *testing.T) {
	var before, after []string
	for i := range 200 {
		before = append(before, fmt.Sprintf(`"a%d":"%s"`, i, strings.Repeat("x", 150)))
		after = append(after, fmt.Sprintf(`"a%d":"%s"`, i, strings.Repeat("y", 150)))
	}
	files := fstest.MapFS{}
	add(files, "u", `{"format_version":"1.2","resource_changes":[`+
		change("a_b", "a_b.a_large", "update", "{"+strings.Join(before, ",")+"}", "{"+strings.Join(after, ",")+"}", "")+","+
		change("a_b", "a_b.b_small", "update", `{"a":1}`, `{"a":2}`, "")+`]}`)
	parts := Comment(load(t, plan.Source{Plans: files}), options)
	if len(parts) != 1 || len(parts[0]) > CommentBudget/8 || !strings.Contains(parts[0], "+ a = 2") || !strings.Contains(parts[0], "more lines") {
		t.Errorf("%d parts:\n%s", len(parts), parts[0])
	}
}

func TestNamesOfAnyLength(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 100 {
		add(files, strings.Repeat("`\u202e\x01", 60)+fmt.Sprint(i), "{")
		add(files, strings.Repeat("|long", 60)+fmt.Sprint(i), `{"format_version":"1.2","complete":false,"resource_changes":[],"variables":{"v":{"value":"mock-v"}}}`)
	}
	o := options
	o.Budget = minBudget
	for i, part := range Comment(load(t, plan.Source{Plans: files}), o) {
		checkPart(t, part, i, minBudget)
	}
}

func TestTableOfManyUnits(t *testing.T) {
	parts := Comment(load(t, plan.Source{Plans: tree(2000)}), options)
	for i, part := range parts {
		checkPart(t, part, i, CommentBudget)
	}
	if !strings.Contains(parts[0], "more units |") || !strings.Contains(parts[0], "### 🔴 Destroyed") {
		t.Errorf("want a table that counts what it leaves out, below the dangerous:\n%.500s", parts[0])
	}
}

func TestLink(t *testing.T) {
	tests := map[string]string{
		"https://github.example.com/a/b": "[Run](https://github.example.com/a/b)",
		"https://example.com/a) ![x](y":  "[Run](https://example.com/a%29%20%21%5Bx%5D%28y)",
		"javascript:alert(1)":            "Run",
		"//example.com":                  "Run",
		"https://exa mple.com":           "Run",
		"":                               "Run",
	}
	for address, want := range tests {
		if got := link("Run", address); got != want {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
	}
}

func TestSameReportSameBytes(t *testing.T) {
	files := tree(30)
	first := Comment(load(t, plan.Source{Plans: files}), options)
	for range 5 {
		if diff := cmp.Diff(first, Comment(load(t, plan.Source{Plans: files}), options)); diff != "" {
			t.Fatal(diff)
		}
	}
}
