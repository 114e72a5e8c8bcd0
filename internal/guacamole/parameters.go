package guacamole

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	data "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/protocols"
)

// The parameters of a protocol are one nested object, made from the table in
// the package protocols: schema, types and conversions all follow it. A secret
// has two attributes, the write-only value and its version.

func secretName(p protocols.Parameter) string  { return p.Attribute() + "_wo" }
func versionName(p protocols.Parameter) string { return p.Attribute() + "_wo_version" }

// parameterSchema is the nested object of a protocol in the resource.
func parameterSchema(protocol, description string) schema.SingleNestedAttribute {
	attributes := map[string]schema.Attribute{}
	for _, p := range protocols.Of(protocol) {
		text := describe(p)
		switch {
		case p.Secret:
			attributes[secretName(p)] = crud.SecretAttribute(secretName(p), fmt.Sprintf("%s At most %d characters.", text, protocols.MaxLength),
				append(textValidators(p), stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName(versionName(p))))...)
			attributes[versionName(p)] = crud.SecretVersionAttribute(secretName(p))
		case p.Type == protocols.Numeric:
			attributes[p.Attribute()] = schema.Int64Attribute{MarkdownDescription: text, Optional: true, Validators: numberValidators(p)}
		case p.Type == protocols.Boolean:
			attributes[p.Attribute()] = schema.BoolAttribute{MarkdownDescription: text, Optional: true}
		default:
			attributes[p.Attribute()] = schema.StringAttribute{MarkdownDescription: text, Optional: true, Validators: textValidators(p)}
		}
	}
	return schema.SingleNestedAttribute{MarkdownDescription: description, Optional: true, Attributes: attributes}
}

// parameterDataSchema is the nested object of a protocol in the data source:
// without secrets.
func parameterDataSchema(protocol, description string) data.SingleNestedAttribute {
	attributes := map[string]data.Attribute{}
	for _, p := range protocols.Of(protocol) {
		text := describe(p)
		switch {
		case p.Secret:
		case p.Type == protocols.Numeric:
			attributes[p.Attribute()] = data.Int64Attribute{MarkdownDescription: text, Computed: true}
		case p.Type == protocols.Boolean:
			attributes[p.Attribute()] = data.BoolAttribute{MarkdownDescription: text, Computed: true}
		default:
			attributes[p.Attribute()] = data.StringAttribute{MarkdownDescription: text, Computed: true}
		}
	}
	return data.SingleNestedAttribute{MarkdownDescription: description, Computed: true, Attributes: attributes}
}

func describe(p protocols.Parameter) string {
	text := p.Description
	switch {
	case p.IsPort():
		text += " From 1 to 65535."
	case p.Type == protocols.Enum:
		text += " One of `" + strings.Join(p.Options, "`, `") + "`."
	}
	if len(p.NewOptions) > 0 {
		text += " Since Guacamole 1.6.0 also `" + strings.Join(p.NewOptions, "`, `") + "`."
	}
	if p.Since != "" {
		text += " Guacamole " + p.Since + " and later; earlier versions store it and do nothing with it."
	}
	return text
}

func numberValidators(p protocols.Parameter) []validator.Int64 {
	if p.IsPort() {
		return []validator.Int64{int64validator.Between(1, 65535)}
	}
	return []validator.Int64{int64validator.AtLeast(0)}
}

// textValidators refuse "", which Guacamole does not store, and what is too
// long for it.
func textValidators(p protocols.Parameter) []validator.String {
	if p.Type == protocols.Enum {
		return []validator.String{stringvalidator.OneOf(p.Options...)}
	}
	return []validator.String{stringvalidator.UTF8LengthBetween(1, protocols.MaxLength)}
}

// parameterTypes are the attribute types of a protocol's object, with the
// secrets' attributes or without.
var (
	parameterTypes     = typesOf(true)
	parameterDataTypes = typesOf(false)
)

func typesOf(secrets bool) func(protocol string) map[string]attr.Type {
	all := sync.OnceValue(func() map[string]map[string]attr.Type {
		out := map[string]map[string]attr.Type{}
		for _, protocol := range protocols.Names {
			out[protocol] = map[string]attr.Type{}
			for _, p := range protocols.Of(protocol) {
				switch {
				case p.Secret && secrets:
					out[protocol][secretName(p)] = types.StringType
					out[protocol][versionName(p)] = types.Int64Type
				case p.Secret:
				case p.Type == protocols.Numeric:
					out[protocol][p.Attribute()] = types.Int64Type
				case p.Type == protocols.Boolean:
					out[protocol][p.Attribute()] = types.BoolType
				default:
					out[protocol][p.Attribute()] = types.StringType
				}
			}
		}
		return out
	})
	return func(protocol string) map[string]attr.Type { return all()[protocol] }
}

// readParameters makes the object of a protocol from what Guacamole has
// stored. Secrets stay out; their versions are those of prior.
func readParameters(protocol string, stored guacapi.Values, prior types.Object) types.Object {
	before := prior.Attributes()
	values := make(map[string]attr.Value, len(parameterTypes(protocol)))
	for _, p := range protocols.Of(protocol) {
		if !p.Secret {
			values[p.Attribute()] = readParameter(p, stored[p.Name], before[p.Attribute()])
			continue
		}
		values[secretName(p)] = types.StringNull()
		values[versionName(p)] = types.Int64Null()
		if version, ok := before[versionName(p)].(types.Int64); ok {
			values[versionName(p)] = version
		}
	}
	return types.ObjectValueMust(parameterTypes(protocol), values)
}

// readParameterData is readParameters for the data source.
func readParameterData(protocol string, stored guacapi.Values) types.Object {
	values := make(map[string]attr.Value, len(parameterDataTypes(protocol)))
	for _, p := range protocols.Of(protocol) {
		if !p.Secret {
			values[p.Attribute()] = readParameter(p, stored[p.Name], nil)
		}
	}
	return types.ObjectValueMust(parameterDataTypes(protocol), values)
}

func readParameter(p protocols.Parameter, stored string, prior attr.Value) attr.Value {
	switch p.Type {
	case protocols.Boolean:
		// Guacamole stores "true" or nothing: false and absent are the same, and
		// the one that the configuration has stays.
		if stored == protocols.True {
			return types.BoolValue(true)
		}
		if b, ok := prior.(types.Bool); ok && !b.IsNull() && !b.IsUnknown() {
			return types.BoolValue(false)
		}
		return types.BoolNull()
	case protocols.Numeric:
		n, err := strconv.ParseInt(stored, 10, 64)
		if err != nil {
			return types.Int64Null()
		}
		return types.Int64Value(n)
	default:
		if stored == "" {
			return types.StringNull()
		}
		return types.StringValue(stored)
	}
}

// writeParameters turns the object of a protocol into what is to be stored.
// What the protocol does not know stays as it is.
func writeParameters(protocol string, ch crud.Change[connection], current guacapi.Connection) (guacapi.Values, error) {
	plan := ch.Plan.parameters(protocol).Attributes()
	out := guacapi.Values{}
	for name, value := range current.Parameters {
		if !protocols.Knows(protocol, name) && !protocols.Knows(current.Protocol, name) {
			out[name] = value
		}
	}
	same := guacapi.Values{} // as stored, where the protocol is still the same
	if current.Protocol == protocol {
		same = maps.Clone(current.Parameters)
	}
	var problems []error
	for _, p := range protocols.Of(protocol) {
		value := writeParameter(plan[p.Attribute()])
		if p.Secret {
			secret, err := crud.Secret(ch, func(m *connection) crud.SecretField { return m.secret(protocol, p) })
			problems = append(problems, err)
			if value = same[p.Name]; secret != nil {
				value = *secret
			}
		}
		if value == "" && p.Type == protocols.Numeric && !isNumber(same[p.Name]) {
			value = same[p.Name] // a token such as ${PORT}, which the attribute cannot say
		}
		if value != "" {
			out[p.Name] = value
		}
	}
	return out, errors.Join(problems...)
}

func writeParameter(v attr.Value) string {
	switch v := v.(type) {
	case types.Int64:
		if !v.IsNull() {
			return strconv.FormatInt(v.ValueInt64(), 10)
		}
	case types.Bool:
		if v.ValueBool() {
			return protocols.True
		}
	case types.String:
		return v.ValueString()
	}
	return ""
}

// secretField is a secret in the object of a protocol.
func secretField(protocol string, p protocols.Parameter, o map[string]attr.Value) crud.SecretField {
	value, _ := o[secretName(p)].(types.String)
	host, to := target(p, o)
	return crud.SecretField{
		Path: path.Root(protocol).AtName(secretName(p)), Value: value, Version: number(o[versionName(p)]),
		To: to, ToPath: path.Root(protocol).AtName(host),
	}
}

// target is where a secret is used, and the attribute that says so: at the
// machine, the gateway before it, or the file server beside it.
func target(p protocols.Parameter, o map[string]attr.Value) (attribute string, address types.String) {
	beside, host := "", "hostname"
	for _, prefix := range []string{"gateway_", "sftp_"} {
		if strings.HasPrefix(p.Attribute(), prefix) {
			beside, host = prefix, prefix+"hostname"
		}
	}
	if v := o[host]; beside == "sftp_" && (v == nil || v.IsNull()) {
		host = "hostname" // the machine itself, unless told otherwise
	}
	name, _ := o[host].(types.String)
	port, _ := o[beside+"port"].(types.Int64)
	switch {
	case name.IsNull() || name.IsUnknown():
		return host, name
	case port.IsUnknown():
		return host, types.StringUnknown()
	case port.IsNull():
		return host, name
	}
	return host, types.StringValue(net.JoinHostPort(name.ValueString(), strconv.FormatInt(port.ValueInt64(), 10)))
}

// number returns v as a number, null where there is none.
func number(v attr.Value) types.Int64 {
	if n, ok := v.(types.Int64); ok {
		return n
	}
	return types.Int64Null()
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}
