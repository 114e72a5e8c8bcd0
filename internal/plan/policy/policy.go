// Package policy asks a team's own rules, written in Rego, about plans.
//
// A policy is a package below onprem with a rule "deny contains …" or
// "warn contains …". Its input is the plan of one unit as `terraform show -json`
// writes it, with the unit's name beside it as "unit". Other files of the folder
// are data, as everywhere in Open Policy Agent.
package policy

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/util"
	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// root is the package that policies are below.
const root = "onprem"

// verdicts are the rules that policies are made of, and whether they deny.
var verdicts = map[string]bool{"deny": true, "warn": false}

// forbidden functions would let a change to a policy carry the secrets of a
// plan out of the pipeline. Those for JSON schemas fetch what "$ref" points to.
var forbidden = []string{"http.send", "net.lookup_ip_addr", "opa.runtime", "json.match_schema", "json.verify_schema"}

// Set are the policies of a folder.
type Set struct{ rules []rule }

// rule is a deny or a warn of one policy.
type rule struct {
	policy string
	denies bool
	where  *ast.Location
	query  rego.PreparedEvalQuery
}

// Load reads the policies of a folder, their tests left out. An error names the
// file and the line that is wrong.
func Load(ctx context.Context, folder string) (*Set, error) {
	capabilities := ast.CapabilitiesForThisVersion()
	capabilities.Builtins = slices.DeleteFunc(capabilities.Builtins, func(b *ast.Builtin) bool {
		return slices.Contains(forbidden, b.Name)
	})
	capabilities.AllowNet = []string{} // none, also for schemas that annotations name
	files, err := loader.NewFileLoader().WithCapabilities(capabilities).WithRegoVersion(ast.RegoV1).
		Filtered([]string{folder}, loader.GlobExcludeName("*_test.rego", 1))
	if err != nil {
		return nil, fmt.Errorf("unable to read the policies: %w", err)
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities)
	if compiler.Compile(files.ParsedModules()); compiler.Failed() {
		return nil, fmt.Errorf("unable to compile the policies: %w", compiler.Errors)
	}
	set := &Set{}
	if set.rules, err = rules(compiler); err != nil {
		return nil, err
	}
	if len(set.rules) == 0 {
		return nil, fmt.Errorf("there is no policy in %s: write one as 'package %s.<name>' with a rule 'deny contains message if …'", folder, root)
	}
	store, err := files.Store()
	if err != nil {
		return nil, fmt.Errorf("unable to read the data of the policies: %w", err)
	}
	for i, r := range set.rules {
		query := rego.Query("data." + root + "." + r.policy + "." + verdict(r.denies))
		set.rules[i].query, err = rego.New(query, rego.Compiler(compiler), rego.Store(store), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.where, err)
		}
	}
	return set, nil
}

// rules finds those of all policies, in the order of their names. What looks
// like one and would never be asked is an error.
func rules(compiler *ast.Compiler) ([]rule, error) {
	found := map[string]rule{}
	for _, module := range compiler.Modules {
		for _, r := range module.Rules {
			name := strings.TrimPrefix(r.Head.Ref().String(), "data.")
			denies, ok := verdicts[name]
			if !ok {
				continue
			}
			policy, below := strings.CutPrefix(module.Package.Path.String(), "data."+root+".")
			switch {
			case !below:
				return nil, fmt.Errorf("%s: the rule %s is in %s, and would never be asked: name it 'package %s.<name>'",
					r.Location, name, module.Package, root)
			case r.Head.RuleKind() != ast.MultiValue:
				return nil, fmt.Errorf("%s: the rule %s holds one value: write '%s contains message if …'", r.Location, name, name)
			}
			found[policy+"."+name] = rule{policy: policy, denies: denies, where: r.Location}
		}
	}
	var list []rule
	for _, r := range found {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b rule) int {
		return strings.Compare(a.policy+verdict(a.denies), b.policy+verdict(b.denies))
	})
	return list, nil
}

func verdict(denies bool) string {
	if denies {
		return "deny"
	}
	return "warn"
}

// Check asks all policies about all plans, unit by unit. Plans that cannot be
// read are left to those who report them. A policy that fails denies: what it
// would have said is not known.
func (s *Set) Check(ctx context.Context, plans fs.FS) ([]plan.Finding, error) {
	files, err := plan.Files(plans)
	if err != nil {
		return nil, err
	}
	found := make([][]plan.Finding, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			if input, ok := input(plans, file); ok {
				found[i] = s.check(ctx, file.Unit, input)
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

// input is the plan of a unit as policies see it.
func input(plans fs.FS, file plan.File) (ast.Value, bool) {
	opened, err := plans.Open(file.Path)
	if err != nil {
		return nil, false
	}
	defer opened.Close()
	var content map[string]any
	if err := util.NewJSONDecoder(opened).Decode(&content); err != nil || content == nil {
		return nil, false
	}
	content["unit"] = file.Unit
	value, err := ast.InterfaceToValue(content)
	return value, err == nil
}

func (s *Set) check(ctx context.Context, unit string, input ast.Value) []plan.Finding {
	var findings []plan.Finding
	for _, r := range s.rules {
		results, err := r.query.Eval(ctx, rego.EvalParsedInput(input), rego.EvalSortSets(true))
		if err != nil {
			findings = append(findings, r.broken(unit, err.Error()))
			continue
		}
		for _, result := range results {
			members, _ := result.Expressions[0].Value.([]any)
			for _, member := range members {
				findings = append(findings, r.finding(unit, member))
			}
		}
	}
	return findings
}

// finding is made of a message, or of an object with "msg" and "address".
func (r rule) finding(unit string, member any) plan.Finding {
	f := plan.Finding{Policy: r.policy, Unit: unit, Denies: r.denies}
	object, isObject := member.(map[string]any)
	if !isObject {
		object = map[string]any{"msg": member}
	}
	var ok bool
	if f.Message, ok = object["msg"].(string); !ok {
		return r.broken(unit, fmt.Sprintf("%s: the rule %s holds something else than messages and objects with \"msg\" and \"address\"", r.where, verdict(r.denies)))
	}
	f.Address, _ = object["address"].(string)
	return f
}

func (r rule) broken(unit, reason string) plan.Finding {
	return plan.Finding{Policy: r.policy, Unit: unit, Message: "The policy failed: " + reason, Denies: true}
}
