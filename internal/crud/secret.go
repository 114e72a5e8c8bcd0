package crud

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// SecretField is a write-only attribute and the version beside it.
//
// One rule holds for all: a secret is sent when its version changes, taken away
// when the version goes, and otherwise left alone. A version that changes
// without a secret to send is an error, at plan.
type SecretField struct {
	Path    path.Path // of the secret; that of the version has "_version" behind it
	Value   types.String
	Version types.Int64
}

// Secret tells what to do about the secret that of picks from a model: nil to
// leave it alone, "" to take it away, else what to send.
func Secret[M any](ch Change[M], of func(*M) SecretField) (*string, error) {
	var prior SecretField
	if ch.Prior != nil {
		prior = of(ch.Prior)
	}
	return of(ch.Plan).toSend(prior, of(ch.Config))
}

func (planned SecretField) toSend(prior, configured SecretField) (*string, error) {
	switch {
	case planned.Version.Equal(prior.Version):
		return nil, nil // nothing to send
	case planned.Version.IsNull():
		return new(string), nil
	case configured.Value.IsNull():
		return nil, At(configured.Path, planned.absent())
	}
	return configured.Value.ValueStringPointer(), nil
}

func (planned SecretField) absent() error {
	name := planned.Path.String()
	return fmt.Errorf("`%s_version` is new or has changed, and there is no `%s` to send.\n\n"+
		"Give the secret together with its new version, or keep the version as it was", name, name)
}

// requireSecrets refuses a new version of a secret without the secret.
func requireSecrets[M any](ch Change[M], of func(*M) []SecretField, diags *diag.Diagnostics) {
	prior := map[string]SecretField{}
	if ch.Prior != nil {
		for _, s := range of(ch.Prior) {
			prior[s.Path.String()] = s
		}
	}
	configured := map[string]SecretField{}
	for _, s := range of(ch.Config) {
		configured[s.Path.String()] = s
	}
	for _, s := range of(ch.Plan) {
		name := s.Path.String()
		if s.Version.IsUnknown() {
			continue
		}
		if _, err := s.toSend(prior[name], configured[name]); err != nil {
			diags.AddAttributeError(s.Path, "Missing secret", err.Error()+".")
		}
	}
}

// SecretAttribute is the schema of a write-only secret, called name, which has a
// version beside it. The description says what it is, in a sentence.
func SecretAttribute(name, description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: fmt.Sprintf("%s It is sent and never stored: Terraform sends it when `%s_version` changes, and takes it away when that is removed.", description, name),
		Optional:            true, WriteOnly: true, Sensitive: true, Validators: validators,
	}
}

// SecretVersionAttribute is the schema of the version beside the secret called name.
func SecretVersionAttribute(name string, validators ...validator.Int64) schema.Int64Attribute {
	return schema.Int64Attribute{
		MarkdownDescription: fmt.Sprintf("Version of `%s`, any number: change it together with the secret, remove both to remove the secret.", name),
		Optional:            true, Validators: validators,
	}
}
