package plan

import (
	"slices"
	"strings"
)

// Report is what a set of plans would do. Its texts are masked, and free of
// control characters and of what a log would take for a command; only
// [Unit.Path] is as the folder has it.
type Report struct {
	// Units are ordered by path.
	Units []*Unit `json:"units"`
	// Findings are what policies say about the plans.
	Findings []Finding `json:"findings,omitempty"`
	// Digest identifies the change set.
	Digest Digest `json:"digest"`

	mask *masker
}

// State says how the planning of a unit ended.
type State string

// The states of a unit.
const (
	Changed    State = "changed"
	Unchanged  State = "unchanged"
	Failed     State = "failed"     // planning failed; Unit.Error says why
	NotRun     State = "not run"    // a unit it depends on failed; Unit.Error names it
	Unreadable State = "unreadable" // there is a plan, but none that can be read
	Ignored    State = "ignored"    // planning failed, and the unit's errors block ignores it
	Excluded   State = "excluded"   // left out by the unit's exclude block
	Deleted    State = "deleted"    // the unit is gone from the configuration
)

// Unplanned reports whether what the unit would do is not known.
func (s State) Unplanned() bool {
	return s == Failed || s == NotRun || s == Unreadable || s == Ignored
}

// Unit is one plan: a Terragrunt unit, or a root module.
type Unit struct {
	Path  string `json:"path"`
	State State  `json:"state"`
	// Error says why there is no plan, or none that is whole.
	Error string `json:"error,omitempty"`
	// Mocked is set when the plan was made with the mock outputs of a
	// dependency: it says little about what an apply would do.
	Mocked bool `json:"mocked,omitempty"`
	// Incomplete is set when the plan leaves changes out, by -target or because
	// they are deferred.
	Incomplete bool   `json:"incomplete,omitempty"`
	Counts     Counts `json:"counts"`

	// Changes are ordered by risk, then by address.
	Changes  []Change  `json:"changes,omitempty"`
	Outputs  []Output  `json:"outputs,omitempty"`
	Checks   []Check   `json:"checks,omitempty"`  // only those that failed
	Invoked  []Invoked `json:"invoked,omitempty"` // Terraform's actions
	Deferred []Change  `json:"deferred,omitempty"`
	Drift    []Change  `json:"drift,omitempty"` // made outside, found by this plan
}

// Counts are numbers of objects. Imports and Moves are counted besides what
// else happens to the object.
type Counts struct {
	Destroy  int `json:"destroy"`
	Replace  int `json:"replace"`
	Forget   int `json:"forget"`
	Update   int `json:"update"`
	Create   int `json:"create"`
	Read     int `json:"read"`
	Import   int `json:"import"`
	Move     int `json:"move"`
	Outputs  int `json:"outputs"`
	Drift    int `json:"drift"`
	Checks   int `json:"checks"`
	Deferred int `json:"deferred"`
	Invoked  int `json:"invoked"`
}

func (c *Counts) add(o Counts) {
	c.Destroy += o.Destroy
	c.Replace += o.Replace
	c.Forget += o.Forget
	c.Update += o.Update
	c.Create += o.Create
	c.Read += o.Read
	c.Import += o.Import
	c.Move += o.Move
	c.Outputs += o.Outputs
	c.Drift += o.Drift
	c.Checks += o.Checks
	c.Deferred += o.Deferred
	c.Invoked += o.Invoked
}

// Changes reports whether an apply would do anything.
func (c Counts) Changes() bool {
	return c.Destroy+c.Replace+c.Forget+c.Update+c.Create+c.Import+c.Move+c.Outputs+c.Deferred+c.Invoked > 0
}

// Action is what happens to an object.
type Action string

// The actions, most dangerous first.
const (
	Destroy Action = "destroy"
	Replace Action = "replace"
	Forget  Action = "forget" // leaves the state, lives on
	Update  Action = "update"
	Create  Action = "create"
	Read    Action = "read" // a data source read during apply
	Keep    Action = "keep" // only imported or moved
)

var byRisk = []Action{Destroy, Replace, Forget, Update, Keep, Create, Read}

func (a Action) risk() int { return slices.Index(byRisk, a) }

// Change is what happens to one object.
type Change struct {
	Address string `json:"address"`
	Action  Action `json:"action"`
	// CreateFirst is set for a replacement that creates the new object before
	// it destroys the old one.
	CreateFirst bool `json:"create_first,omitempty"`
	// Abandons is set for a replacement that does not destroy the old object
	// but forgets it.
	Abandons bool `json:"abandons,omitempty"`
	// Deposed is the key of a leftover of an earlier replacement, when the
	// change is about that.
	Deposed string `json:"deposed,omitempty"`
	// Stateful names the kind of an object that holds data, or that much else
	// stands on: its loss is not undone by creating it again.
	Stateful string `json:"stateful,omitempty"`
	// Ways are the addresses that an update changes and that the secrets which
	// the system keeps for the object go to.
	Ways []Way `json:"secrets_follow,omitempty"`
	// Imported is what the object is imported by.
	Imported string `json:"imported,omitempty"`
	// MovedFrom is the address that the object had.
	MovedFrom string `json:"moved_from,omitempty"`
	// Reason says why, in words, where the plan does.
	Reason string `json:"reason,omitempty"`
	// ForcedBy are the attributes that make the replacement necessary.
	ForcedBy []string `json:"forced_by,omitempty"`
	Attrs    []Attr   `json:"attributes,omitempty"`
	// Omitted counts attributes that were left out because there are too many.
	Omitted int `json:"attributes_omitted,omitempty"`
}

// Attr is one attribute that changes. Before and After are as HCL has them,
// shortened where long; an empty one is absent.
type Attr struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Lines are the difference inside a long text. The first byte of each is
	// '+', '-' or ' '.
	Lines []string `json:"lines,omitempty"`
	// Forces is set when the attribute makes a replacement necessary.
	Forces bool `json:"forces,omitempty"`
}

// Output is the change of a root module's output.
type Output struct {
	Name   string `json:"name"`
	Action Action `json:"action"`
	Attrs  []Attr `json:"attributes,omitempty"`
	// Omitted counts attributes that were left out because there are too many.
	Omitted int `json:"attributes_omitted,omitempty"`
}

// Check is a check, precondition or validation that does not hold.
type Check struct {
	Address  string   `json:"address"`
	Status   string   `json:"status"` // "fail" or "error"
	Problems []string `json:"problems,omitempty"`
}

// Invoked is an action of Terraform 1.14 that an apply would invoke.
type Invoked struct {
	Address string `json:"address"`
	// Trigger is the address of the resource whose change invokes it.
	Trigger string `json:"trigger,omitempty"`
}

// Finding is what a policy says about a unit.
type Finding struct {
	Policy  string `json:"policy"`
	Unit    string `json:"unit,omitempty"`
	Address string `json:"address,omitempty"`
	Message string `json:"message"`
	// Denies tells a violation from a warning.
	Denies bool `json:"denies"`
}

// AddFindings adds what policies found. A policy sees the plan in clear, so
// its words are masked here.
func (r *Report) AddFindings(findings ...Finding) {
	for _, f := range findings {
		f.Policy, f.Message = r.mask.text(f.Policy), r.mask.paragraph(f.Message)
		f.Address = r.findingAddress(f)
		f.Unit = shown(f.Unit)
		r.Findings = append(r.Findings, f)
	}
}

// findingAddress spares the names in an address, which are never secret, when
// it is one of a change. A policy may take anything else for an address.
func (r *Report) findingAddress(f Finding) string {
	masked := r.mask.address(f.Address)
	for _, u := range r.Units {
		if u.Path == f.Unit && slices.ContainsFunc(u.Changes, func(c Change) bool { return c.Address == masked }) {
			return masked
		}
	}
	return r.mask.text(f.Address)
}

// Counts are those of all units together.
func (r *Report) Counts() Counts {
	var all Counts
	for _, u := range r.Units {
		all.add(u.Counts)
	}
	return all
}

// Select gives the units in a state.
func (r *Report) Select(states ...State) []*Unit {
	var units []*Unit
	for _, u := range r.Units {
		if slices.Contains(states, u.State) {
			units = append(units, u)
		}
	}
	return units
}

// Mocked gives the units that were planned on mock outputs.
func (r *Report) Mocked() []*Unit {
	var units []*Unit
	for _, u := range r.Units {
		if u.Mocked {
			units = append(units, u)
		}
	}
	return units
}

// statefulWords are the words in a type's name that tell of data, or of
// something that much else stands on.
var statefulWords = []string{
	"cluster", "pool", "project", "registry", "repository", "database", "db", "instance",
	"vm", "machine", "node", "volume", "disk", "bucket", "namespace", "vault", "zone", "network", "filesystem",
}

// stateful names the kind of a resource type, or "" for one that is easily made
// again. The last word that matches decides: an ip_pool is a pool.
func stateful(resourceType string) string {
	words := strings.Split(resourceType, "_")
	for _, word := range slices.Backward(words) {
		if slices.Contains(statefulWords, word) {
			return word
		}
	}
	return ""
}
