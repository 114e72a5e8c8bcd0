package crud

import (
	"cmp"
	"context"
	"encoding/json"
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

	// To is where the system takes the secret, "https://registry.example.com:443"
	// for one, and ToPath the attribute that says so. It goes to another place
	// only together with a new version. To is null where there is no such place.
	To     types.String
	ToPath path.Path
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

// secretsByPath are the secrets of a model, none of no model.
func secretsByPath[M any](m *M, of func(*M) []SecretField) map[string]SecretField {
	all := map[string]SecretField{}
	if m != nil {
		for _, s := range of(m) {
			all[s.Path.String()] = s
		}
	}
	return all
}

// requireSecrets refuses a new version of a secret without the secret.
func requireSecrets[M any](ch Change[M], of func(*M) []SecretField, diags *diag.Diagnostics) {
	prior, configured := secretsByPath(ch.Prior, of), secretsByPath(ch.Config, of)
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

// places are where the secrets of an object were sent, by the path of the
// secret. They are remembered beside the state: what a person changes by hand in
// the system is no place that the secret was meant for.
type places map[string]string

// placesKey is theirs in the private state.
const placesKey = "secret_places"

// private is a resource's private state.
type private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func readPlaces(ctx context.Context, from private) places {
	text, diags := from.GetKey(ctx, placesKey)
	var sent places
	if diags.HasError() || json.Unmarshal(text, &sent) != nil {
		return nil
	}
	return sent
}

// keep refuses a plan that takes a stored secret to a new place unasked.
func (p places) keep(planned, prior map[string]SecretField, diags *diag.Diagnostics) {
	for name, s := range planned {
		was := prior[name]
		before := cmp.Or(p[name], was.To.ValueString())
		stays := !s.Version.IsNull() && s.Version.Equal(was.Version)
		if !stays || before == "" || s.To.IsNull() || s.To.IsUnknown() || s.To.ValueString() == before {
			continue
		}
		diags.AddAttributeError(s.ToPath, "Secret would go to a new address", fmt.Sprintf(
			"`%s` was given for %s, and with this change it would be used at %s, unasked: `%s_version` is still %d.\n\n"+
				"If the secret is meant for the new address, give `%s_version` another number in the same change. That sends the secret that "+
				"the configuration has then, on purpose.", name, before, s.To.ValueString(), name, s.Version.ValueInt64(), name))
	}
}

// WarnOfPlace warns of a secret that is stored although the configuration has no
// version of it, and that follows to a new place.
func WarnOfPlace(planned, prior SecretField, diags *diag.Diagnostics) {
	moves := !prior.To.IsNull() && !planned.To.IsNull() && !planned.To.IsUnknown() && !planned.To.Equal(prior.To)
	if !moves || !planned.Version.IsNull() || !prior.Version.IsNull() {
		return
	}
	diags.AddAttributeWarning(planned.ToPath, "Stored secret goes to a new address", fmt.Sprintf(
		"`%s` is stored in the system, by hand or by somebody else, and goes from %s to %s with this change.\n\n"+
			"If it is not meant for the new address, give another one with `%s` and `%s_version` in the same change.",
		planned.Path, prior.To.ValueString(), planned.To.ValueString(), planned.Path, planned.Path))
}

// remember notes where the secrets of an object are once a change is made.
func (p places) remember(ctx context.Context, planned, prior map[string]SecretField, in private) diag.Diagnostics {
	now := places{}
	for name, s := range planned {
		switch {
		case s.Version.IsNull() || s.To.ValueString() == "":
		case p[name] != "" && s.Version.Equal(prior[name].Version):
			now[name] = p[name]
		default:
			now[name] = s.To.ValueString()
		}
	}
	if len(now) == 0 && len(p) == 0 {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to remember where secrets were sent", err.Error())}
	}
	return in.SetKey(ctx, placesKey, text)
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
