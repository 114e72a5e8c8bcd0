package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The plans under testdata are really planned, by both tools.
//go:generate go run ./replan

// load reads plans and fails the test where that is impossible.
func load(t *testing.T, source Source) *Report {
	t.Helper()
	r, err := Load(context.Background(), source)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// loadCase reads the plans that both tools made of a case.
func loadCase(t *testing.T, name string) *Report {
	t.Helper()
	return load(t, Source{Plans: os.DirFS("testdata/plans/" + name)})
}

// folder is a folder of plans, by unit.
func folder(plans map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for unit, content := range plans {
		files[unit+"/"+planFile] = &fstest.MapFile{Data: []byte(content)}
	}
	return files
}

// planOf is a plan with resource changes.
func planOf(changes ...string) string {
	return `{"format_version":"1.2","resource_changes":[` + strings.Join(changes, ",") + `]}`
}

// changeOf is a resource change, by its members and those of its change.
func changeOf(address, members, change string) string {
	return fmt.Sprintf(`{"address":%q,"mode":"managed","type":"onprem_metallb_ip_address_pool"%s,"change":{%s}}`, address, members, change)
}

func find(t *testing.T, u *Unit, address string) Change {
	t.Helper()
	for _, c := range u.Changes {
		if c.Address == address {
			return c
		}
	}
	t.Fatalf("%s: no change of %s", u.Path, address)
	return Change{}
}

func TestActionsOfRealPlans(t *testing.T) {
	want := []Change{
		{Address: "terraform_data.destroyed", Action: Destroy, Reason: "no longer in the configuration"},
		{Address: "terraform_data.node[1]", Action: Destroy, Reason: "its index is beyond count"},
		{Address: `terraform_data.team["payments"]`, Action: Destroy, Reason: "its key is no longer in for_each"},
		{Address: "terraform_data.replaced", Action: Replace, ForcedBy: []string{"triggers_replace"}},
		{Address: "terraform_data.replaced_create_first", Action: Replace, CreateFirst: true, ForcedBy: []string{"triggers_replace"}},
		{Address: "terraform_data.forgotten", Action: Forget, Reason: "no longer in the configuration"},
		{Address: "terraform_data.new_name_too", Action: Update, MovedFrom: "terraform_data.old_name_too"},
		{Address: "terraform_data.updated", Action: Update},
		{Address: "terraform_data.imported", Action: Keep, Imported: "legacy-registry"},
		{Address: "terraform_data.new_name", Action: Keep, MovedFrom: "terraform_data.old_name"},
		{Address: "terraform_data.created", Action: Create},
		{Address: "data.terraform_remote_state.read_at_apply", Action: Read, Reason: "it depends on something that changes"},
	}
	counts := Counts{Destroy: 3, Replace: 2, Forget: 1, Update: 2, Create: 1, Read: 1, Import: 1, Move: 2, Outputs: 3, Checks: 1}
	for _, u := range loadCase(t, "actions").Units {
		t.Run(u.Path, func(t *testing.T) {
			if diff := cmp.Diff(want, u.Changes, cmpopts.IgnoreFields(Change{}, "Attrs")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(counts, u.Counts); diff != "" {
				t.Error(diff)
			}
			if u.State != Changed {
				t.Errorf("state is %s", u.State)
			}
		})
	}
}

func TestActionsThatNoConfigurationGives(t *testing.T) {
	tests := map[string]struct {
		actions, members string
		want             Change
	}{
		"forget and create": {`["forget","create"]`, "", Change{Action: Replace, Abandons: true, Stateful: "pool"}},
		"create and forget": {`["create","forget"]`, "", Change{Action: Replace, Abandons: true, CreateFirst: true, Stateful: "pool"}},
		"tainted":           {`["delete","create"]`, `,"action_reason":"replace_because_tainted"`, Change{Action: Replace, Reason: "it is tainted", Stateful: "pool"}},
		"reason to come":    {`["delete"]`, `,"action_reason":"delete_because_of_weather"`, Change{Action: Destroy, Reason: "delete because of weather", Stateful: "pool"}},
		"action to come":    {`["rotate"]`, "", Change{Action: Update}},
		"deposed":           {`["delete"]`, `,"deposed":"5f3c9a1e"`, Change{Action: Destroy, Deposed: "5f3c9a1e", Stateful: "pool"}},
		"import by identity": {`["no-op"],"importing":{"identity":{"name":"a"}}`, "",
			Change{Action: Keep, Imported: `{"name":"a"}`}},
		"import of an unknown id": {`["no-op"],"importing":{"unknown":true}`, "", Change{Action: Keep, Imported: "an id not known yet"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(t, Source{Plans: folder(map[string]string{"u": planOf(changeOf("a.b", tt.members, `"actions":`+tt.actions))})})
			tt.want.Address = "a.b"
			if diff := cmp.Diff([]Change{tt.want}, r.Units[0].Changes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeposedAndAbandonedOfRealPlans(t *testing.T) {
	for _, u := range loadCase(t, "deposed").Units {
		if c := find(t, u, "terraform_data.pool"); c.Action != Destroy || c.Deposed != "5f3c9a1e" {
			t.Errorf("%s: %+v", u.Path, c)
		}
	}
	for _, u := range loadCase(t, "abandon").Units {
		if c := find(t, u, "terraform_data.project"); c.Action != Replace || !c.Abandons {
			t.Errorf("%s: %+v", u.Path, c)
		}
	}
}

func TestUnchanged(t *testing.T) {
	r := loadCase(t, "unchanged")
	if len(r.Units) != 2 || len(r.Select(Unchanged)) != 2 {
		t.Errorf("want two units without changes: %+v", r.Units)
	}
}

func TestNewerParts(t *testing.T) {
	r := load(t, Source{Plans: folder(map[string]string{"u": `{"format_version":"1.9","complete":false,
		"something_new":{"a":[1]},
		"resource_changes":[],
		"resource_drift":[` + changeOf("a.drifted", "", `"actions":["update"],"before":{"mtu":1500},"after":{"mtu":1450}`) + `],
		"deferred_changes":[{"reason":"instance_count_unknown","resource_change":` + changeOf(`a.later["*"]`, "", `"actions":["create"]`) + `}],
		"action_invocations":[{"address":"action.a.restart","lifecycle_action_trigger":{"triggering_resource_address":"a.b"}}],
		"checks":[{"address":{"to_display":"check.ok"},"status":"pass"},{"address":{"to_display":"check.bad"},"status":"error","instances":[{"problems":[{"message":"no"}]}]}]
	}`})})
	want := &Unit{
		Path: "u", State: Changed, Incomplete: true,
		Counts:   Counts{Drift: 1, Deferred: 1, Invoked: 1, Checks: 1},
		Drift:    []Change{{Address: "a.drifted", Action: Update, Attrs: []Attr{{Path: "mtu", Before: "1500", After: "1450"}}}},
		Deferred: []Change{{Address: `a.later["*"]`, Action: Create, Reason: "instance count unknown"}},
		Invoked:  []Invoked{{Address: "action.a.restart", Trigger: "a.b"}},
		Checks:   []Check{{Address: "check.bad", Status: "error", Problems: []string{"no"}}},
	}
	if diff := cmp.Diff(want, r.Units[0]); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadablePlans(t *testing.T) {
	good := planOf(changeOf("a.b", "", `"actions":["create"]`))
	tests := map[string]struct{ content, want string }{
		"empty":            {"", "the file is truncated"},
		"truncated":        {good[:len(good)/2], "the file is truncated"},
		"last byte":        {good[:len(good)-1], "the file is truncated"},
		"garbage":          {"\x00\x01PK", "invalid character '\\x00' looking for beginning of value"},
		"array":            {"[]", "this is no plan: it is not a JSON object"},
		"other JSON":       {`{"name":"x"}`, "this is no plan: format_version is missing"},
		"state":            {`{"format_version":"1.0","values":{}}`, "this is no plan: it has the form of a state"},
		"major version 2":  {`{"format_version":"2.0","resource_changes":[]}`, `format_version "2.0" is not supported, only 1.x is`},
		"major version 10": {`{"format_version":"10.0","resource_changes":[]}`, `format_version "10.0" is not supported, only 1.x is`},
		"two plans":        {good + good, "there is something after the plan"},
		"no list":          {`{"format_version":"1.2","resource_changes":{}}`, "resource_changes is no list"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(t, Source{Plans: folder(map[string]string{"bad": tt.content, "good": good})})
			want := []State{Unreadable, Changed}
			if got := []State{r.Units[0].State, r.Units[1].State}; !slices.Equal(got, want) {
				t.Fatalf("states are %v, want %v", got, want)
			}
			if r.Units[0].Error != tt.want {
				t.Errorf("error is %q, want %q", r.Units[0].Error, tt.want)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	tests := map[string]struct {
		files []string
		want  []File
	}{
		"Terragrunt's folders": {[]string{"prod/app/tfplan.json", "stage/app/tfplan.json", "stage/report.json"},
			[]File{{"prod/app", "prod/app/tfplan.json"}, {"stage/app", "stage/app/tfplan.json"}}},
		"single files": {[]string{"network.json", "more/apps.json", "README.md"},
			[]File{{"more/apps", "more/apps.json"}, {"network", "network.json"}}},
		"at the top": {[]string{"tfplan.json"}, []File{{".", "tfplan.json"}}},
		"none":       {[]string{"README.md"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for _, path := range tt.files {
				files[path] = &fstest.MapFile{}
			}
			got, err := Files(files)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// noSeek hides that a file can be read anywhere.
type noSeek struct{ fs.FS }

func (f noSeek) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || strings.HasSuffix(name, ".json") {
		return struct{ fs.File }{file}, err
	}
	return file, err
}

func TestFilesThatCannotSeek(t *testing.T) {
	plans := os.DirFS("testdata/plans/actions")
	with, without := load(t, Source{Plans: plans}), load(t, Source{Plans: noSeek{plans}})
	if diff := cmp.Diff(with, without, cmpopts.IgnoreUnexported(Report{})); diff != "" {
		t.Error(diff)
	}
}

func TestRunReport(t *testing.T) {
	changed := planOf(changeOf("a.b", "", `"actions":["create"]`))
	report := `[
		{"Name":"ok","Result":"succeeded"},
		{"Name":"lost","Result":"succeeded"},
		{"Name":"bad","Result":"failed","Reason":"run error","Cause":"* Failed to execute terraform plan\n  ╷\n  │ Warning: not this\n  ╵\n  \u001b[31mError:\u001b[0m Invalid range\n  │ and more\n\n  exit status 1\n"},
		{"Name":"dependent","Result":"early exit","Reason":"ancestor error","Cause":"bad"},
		{"Name":"left-out","Result":"excluded","Reason":"exclude block"},
		{"Name":"known","Result":"succeeded","Reason":"error ignored"},
		{"Name":"gone","Result":"succeeded","Ref":"main","Args":["-destroy"]},
		{"Name":"gone-not-allowed","Result":"excluded","Ref":"main","Args":["-destroy"]}
	]`
	r := load(t, Source{
		// A plan of an earlier run is still there for the unit that was not run.
		Plans:     folder(map[string]string{"ok": changed, "gone": changed, "dependent": changed}),
		RunReport: strings.NewReader(report),
	})
	one := Counts{Create: 1}
	want := []Unit{
		{Path: "bad", State: Failed, Error: "Error: Invalid range\nand more"},
		{Path: "dependent", State: NotRun, Error: "bad"},
		{Path: "gone", State: Deleted, Counts: one},
		{Path: "gone-not-allowed", State: Deleted},
		{Path: "known", State: Ignored},
		{Path: "left-out", State: Excluded},
		{Path: "lost", State: Unreadable, Error: "The run report says that it succeeded, but there is no plan of it."},
		{Path: "ok", State: Changed, Counts: one},
	}
	var got []Unit
	for _, u := range r.Units {
		got = append(got, *u)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Unit{}, "Changes")); diff != "" {
		t.Error(diff)
	}
}

func TestRunReportWithFullNames(t *testing.T) {
	destroys := planOf(changeOf("a.b", "", `"actions":["delete"]`))
	tests := map[string]string{
		"in full":             `[{"Name":"/tree/prod/net","Result":"early exit"},{"Name":"/tree/net","Result":"succeeded"}]`,
		"in full, the others": `[{"Name":"/tree/net","Result":"succeeded"},{"Name":"/tree/prod/net","Result":"early exit"}]`,
		"in full and not":     `[{"Name":"/elsewhere/prod/net","Result":"early exit"},{"Name":"net","Result":"succeeded"}]`,
	}
	for name, report := range tests {
		t.Run(name, func(t *testing.T) {
			r := load(t, Source{Plans: folder(map[string]string{"net": destroys}), RunReport: strings.NewReader(report)})
			if len(r.Units) != 2 || r.Units[0].State != NotRun || r.Units[1].Path != "net" || r.Units[1].Counts.Destroy != 1 {
				t.Errorf("a unit that was not run hides what another would destroy: %+v", r.Units)
			}
		})
	}
}

func TestMocks(t *testing.T) {
	plain := planOf()
	variable := func(value string) string {
		return `{"format_version":"1.2","resource_changes":[],"variables":{"v":{"value":` + value + `}}}`
	}
	log := strings.Join([]string{
		`{"level":"warn","working-dir":"relative","msg":"Config a is a dependency of b that has no outputs, but mock outputs provided and returning those in dependency output."}`,
		`{"level":"warn","working-dir":"/runner/tree/in/full","msg":"mock outputs provided"}`,
		`{"level":"warn","working-dir":"/runner/tree/cached/.terragrunt-cache/a/b","msg":"mock outputs provided"}`,
		`{"level":"stdout","working-dir":"said-so","msg":"mock outputs provided"}`,
		`{"level":"warn","working-dir":"other","msg":"something else"}`,
		`not JSON: mock outputs provided`,
	}, "\n")
	r := load(t, Source{Log: strings.NewReader(log), Plans: folder(map[string]string{
		"relative": plain, "in/full": plain, "cached": plain, "said-so": plain, "other": plain,
		"by-value": variable(`"mock-net"`), "nested": variable(`{"a":["b",{"c":"mock-id"}]}`), "inside": variable(`"no mock-up"`),
	})})
	var got []string
	for _, u := range r.Mocked() {
		got = append(got, u.Path)
	}
	if diff := cmp.Diff([]string{"by-value", "cached", "in/full", "nested", "relative"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestInputsThatCannotBeRead(t *testing.T) {
	tests := map[string]Source{
		"unable to list the plans":      {Plans: os.DirFS("testdata/nowhere")},
		"unable to read the run report": {Plans: folder(nil), RunReport: strings.NewReader("{")},
		"unable to read the log":        {Plans: folder(nil), Log: iotestErr{}},
	}
	for want, source := range tests {
		t.Run(want, func(t *testing.T) {
			if _, err := Load(context.Background(), source); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error is %v, want %s", err, want)
			}
		})
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, Source{Plans: folder(map[string]string{"u": planOf()})}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestStops(t *testing.T) {
	r := load(t, Source{
		Plans: folder(map[string]string{
			"a": planOf(changeOf("a.b", "", `"actions":["delete"]`), changeOf("a.c", "", `"actions":["delete","create"]`)),
			"b": `{"format_version":"1.2","resource_changes":[],"variables":{"v":{"value":"mock-x"}}}`,
			"c": "", "d": planOf(changeOf("a.b", "", `"actions":["create"]`)),
		}),
		RunReport: strings.NewReader(`[{"Name":"e","Result":"early exit"}]`),
	})
	gates, err := ParseGates("destroy, replace,mock,error,")
	if err != nil {
		t.Fatal(err)
	}
	want := []Stop{{GateDestroy, "a", 1}, {GateReplace, "a", 1}, {GateMock, "b", 1}, {GateError, "c", 1}, {GateError, "e", 1}}
	if diff := cmp.Diff(want, r.Stops(gates)); diff != "" {
		t.Error(diff)
	}
	if stops := r.Stops(nil); stops != nil {
		t.Errorf("without gates it stops at %v", stops)
	}
	if _, err := ParseGates("destroy,delete"); err == nil || !strings.Contains(err.Error(), `"delete"`) {
		t.Errorf("error is %v", err)
	}
}

func TestDetailsAreBounded(t *testing.T) {
	value := fmt.Sprintf(`{"text":%q}`, strings.Repeat("0123456789", 10))
	var changes []string
	for i := range 30_000 {
		changes = append(changes, changeOf(fmt.Sprintf("a.b[%d]", i), "", `"actions":["create"],"after":`+value))
	}
	changes = append(changes, changeOf("a.z", "", `"actions":["delete","create"],"before":null,"after":`+value))
	u := load(t, Source{Plans: folder(map[string]string{"u": planOf(changes...)})}).Units[0]
	if size := attrSize(slices.Concat(u.Changes[0].Attrs, u.Changes[1].Attrs)); len(u.Changes) != 30_001 || size == 0 {
		t.Fatalf("%d changes, the first with %d bytes of attributes", len(u.Changes), size)
	}
	last := u.Changes[len(u.Changes)-1]
	if u.Changes[0].Action != Replace || last.Omitted != 1 || last.Attrs != nil {
		t.Errorf("the least dangerous change should have lost its attributes: %+v", last)
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"actions", "secrets", "unknown", "hostile", "deposed", "abandon"} {
		for _, tool := range []string{"terraform", "tofu"} {
			if content, err := os.ReadFile("testdata/plans/" + name + "/" + tool + "/" + planFile); err == nil {
				f.Add(content)
			}
		}
	}
	f.Add([]byte(`{"format_version":"1.2","resource_changes":[{"address":"a[","change":{"actions":["update"],"before":[1,{}],"after":{"":[null]},"after_unknown":[true],"before_sensitive":{"a":[true]},"replace_paths":[["a",0],[],1]}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		r := load(t, Source{Plans: fstest.MapFS{"u/" + planFile: {Data: content}}})
		if len(r.Units) != 1 || r.Units[0].State == "" {
			t.Fatalf("want one unit with a state: %+v", r.Units)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}
