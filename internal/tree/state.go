package tree

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

func stateExprs(s *platform.State) []hclsyntax.Expression {
	exprs := make([]hclsyntax.Expression, len(s.Attributes))
	for i, attr := range s.Attributes {
		exprs[i] = attr.Expr
	}
	return exprs
}

// setting is one attribute of a backend.
type setting struct{ name, text string }

// stateConfig is the configuration of the backend: what the platform file says,
// the key of the unit, whose path the expression unit gives, and what a store
// on one's own machines needs.
func (t *tree) stateConfig(n names, unit string) string {
	var o object
	for _, s := range t.stateSettings(n, unit) {
		o.add(s.name, s.text)
	}
	return o.String()
}

func (t *tree) stateSettings(n names, unit string) []setting {
	var settings []setting
	for _, attr := range t.State.Attributes {
		settings = append(settings, setting{attr.Name, t.write(attr.Expr, n)})
	}
	key, known := t.State.Key()
	if !known {
		return settings
	}
	written := t.State.Attributes.Get(key.Attribute)
	switch {
	case t.State.Backend == "http":
		return httpSettings(settings, key, unit)
	case written == nil && t.State.Backend == "local":
		settings = append([]setting{{key.Attribute, fmt.Sprintf(`"${get_parent_terragrunt_dir()}/.state/${%s}%s"`, unit, key.Suffix)}}, settings...)
	case written == nil:
		settings = append(settings, setting{key.Attribute, keyExpression(key, unit)})
	}
	if t.State.Backend == "s3" {
		settings = t.s3Settings(settings)
	}
	return settings
}

// keyExpression makes a unit's key from the expression of its path.
func keyExpression(key platform.StateKey, unit string) string {
	if key.Separator != "" {
		unit = fmt.Sprintf(`replace(%s, "/", %q)`, unit, key.Separator)
	}
	if key.Suffix == "" {
		return unit
	}
	return fmt.Sprintf(`"${%s}%s"`, unit, key.Suffix)
}

// httpSettings puts the unit's name behind the address. The methods of the lock
// are GitLab's, which is what most people keep state in over HTTP.
func httpSettings(settings []setting, key platform.StateKey, unit string) []setting {
	var address string
	has := map[string]bool{}
	for i, s := range settings {
		has[s.name] = true
		if s.name == key.Attribute {
			address = s.text
			if !strings.Contains(address, unit) {
				address = join(address, "/${"+keyExpression(key, unit)+"}")
			}
			settings[i].text = address
		}
	}
	lock := join(address, "/lock")
	for _, s := range []setting{{"lock_address", lock}, {"unlock_address", lock}, {"lock_method", `"POST"`}, {"unlock_method", `"DELETE"`}} {
		if !has[s.name] {
			settings = append(settings, s)
		}
	}
	return settings
}

// join puts a template behind the text of an expression: into the quotes, when
// the expression is a text in quotes itself.
func join(text, template string) string {
	if expr, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos); !diags.HasErrors() {
		if _, ok := expr.(*hclsyntax.TemplateExpr); ok && strings.HasSuffix(text, `"`) {
			return strings.TrimSuffix(text, `"`) + template + `"`
		}
	}
	return `"${` + text + "}" + template + `"`
}

// s3Settings locks the state, and leaves out the checks that only Amazon's own
// store passes when the platform file names another endpoint.
func (t *tree) s3Settings(settings []setting) []setting {
	has := t.State.Attributes.Get
	if has("use_lockfile") == nil && has("dynamodb_table") == nil {
		settings = append(settings, setting{"use_lockfile", "true"})
	}
	if has("endpoints") == nil {
		return settings
	}
	if has("region") == nil {
		settings = append(settings, setting{"region", `"us-east-1"`})
	}
	for _, name := range []string{"use_path_style", "skip_credentials_validation", "skip_metadata_api_check",
		"skip_region_validation", "skip_requesting_account_id", "skip_s3_checksum"} {
		if has(name) == nil {
			settings = append(settings, setting{name, "true"})
		}
	}
	return settings
}
