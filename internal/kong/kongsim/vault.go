package kongsim

import "regexp"

var (
	vaultPrefix = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]+$`)
	envPrefix   = regexp.MustCompile(`^[A-Za-z_-][A-Za-z0-9_-]*$`)
)

func matching(form *regexp.Regexp) func(any) string {
	return func(v any) string {
		if !form.MatchString(asString(v)) {
			return "invalid value: " + asString(v)
		}
		return ""
	}
}

// vault knows the one kind of vault that open source Kong has: the environment.
func vault() *entity {
	return &entity{
		name: "vaults", path: "vaults", key: "prefix",
		fields: common(
			field{name: "prefix", kind: str, required: true, unique: true, check: all(matching(vaultPrefix), func(v any) string {
				if v == "env" {
					return "must not be one of: env"
				}
				return ""
			})},
			field{name: "name", kind: str, required: true},
			field{name: "description", kind: str},
			field{name: "config", kind: record, required: true, fields: []field{{name: "prefix", kind: str, check: matching(envPrefix)}}},
		),
		pick: func(e object) violations {
			name, ok := e["name"].(string)
			switch {
			case !ok:
				return violations{"name": "required field missing"}
			case name != "env":
				return violations{"name": "vault '" + name + "' is not installed"}
			}
			return nil
		},
	}
}
