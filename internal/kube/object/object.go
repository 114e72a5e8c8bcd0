// Package object is the Terraform side of Kubernetes objects: the attributes
// that every object has, the pairing of a model's attributes with the object's
// fields, and from these the resource and the data source of a kind.
package object

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	apitypes "k8s.io/apimachinery/pkg/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
)

// Spec describes a kind of object as a resource with model M.
type Spec[M any] struct {
	// Name is the type name without the provider's: "calico_bgp_peer".
	Name string
	Kind kube.Kind
	// Schema has the description and the kind's own attributes; Attributes adds
	// those that every object has.
	Schema func(context.Context) schema.Schema
	// Meta is the part of the model that every object has.
	Meta func(*M) *Meta
	// Namespace is the namespace of namespaced kinds; nil for others.
	Namespace func(*M) *types.String
	// Fields pairs the kind's own attributes with the object's fields.
	Fields func(*M) []Field
	// Check finds what is wrong with a configuration as a whole, beyond what
	// the validators of single attributes say. Values may be unknown. May be nil.
	Check func(*M, *diag.Diagnostics)
	// Complete sets what of a plan follows from other attributes. May be nil.
	Complete func(config, plan *M)
}

// Meta is what the models of all kinds embed. It fits Attributes.
type Meta struct {
	Name          types.String   `tfsdk:"name"`
	UID           types.String   `tfsdk:"uid"`
	Labels        types.Map      `tfsdk:"labels"`
	Annotations   types.Map      `tfsdk:"annotations"`
	TakeOwnership types.Bool     `tfsdk:"take_ownership"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// OperationTimeouts are the user's timeouts, for crud.
func (m *Meta) OperationTimeouts() timeouts.Value { return m.Timeouts }

// Of is all that Terraform can use of the kind that s describes; d is what the
// data source has otherwise.
func Of[M, D any](s Spec[M], d DataSpec[D]) crud.Kind {
	identity, within := []string{"name"}, []string(nil)
	if s.Kind.Namespaced {
		identity, within = []string{"namespace", "name"}, []string{"namespace"}
	}
	d.name, d.kind, d.like = s.Name, s.Kind, s.Schema
	return crud.Spec[M, *kube.Client]{
		Name: s.Name, Identity: identity, Client: (*clients.Set).Kubernetes, Schema: s.Schema, Rights: rights(s.Kind),
		Check: s.Check, Complete: s.Complete,
		Create: s.create, Read: s.read, Update: s.update, Delete: s.delete,
		List: &crud.Listing[M, *kube.Client]{Within: within, Each: s.each},
	}.Kind(d.dataSource())
}

// each lists the objects of a namespace, or of all.
func (s Spec[M]) each(ctx context.Context, c *kube.Client, within *M, found func(func(*M) error) bool) error {
	all, err := c.List(ctx, s.Kind, s.key(within).Namespace, "")
	if err != nil {
		return err
	}
	crud.Visit(all, func(m *M, o *kube.Object) error {
		s.Meta(m).Name = types.StringValue(o.GetName())
		if s.Namespace != nil {
			*s.Namespace(m) = types.StringValue(o.GetNamespace())
		}
		return s.fill(ctx, c, o, m)
	}, found)
	return nil
}

func (s Spec[M]) create(ctx context.Context, c *kube.Client, ch crud.Change[M]) error {
	o, err := s.declared(ch)
	if err != nil {
		return err
	}
	_, err = c.Create(ctx, s.Kind, o, s.options(ch))
	return s.at(ctx, err)
}

func (s Spec[M]) read(ctx context.Context, c *kube.Client, m *M) error {
	o, err := c.Get(ctx, s.Kind, s.key(m))
	if err != nil {
		return err
	}
	return s.fill(ctx, c, o, m)
}

func (s Spec[M]) fill(ctx context.Context, c *kube.Client, o *kube.Object, m *M) error {
	meta := s.Meta(m)
	r := &reader{ctx: ctx, object: o, owners: c.Owners(o), imported: meta.UID.IsNull()}
	return r.fill(meta, s.Fields(m))
}

// update applies what the configuration declares now. The uid makes sure that
// it is still the object that was read.
func (s Spec[M]) update(ctx context.Context, c *kube.Client, ch crud.Change[M]) error {
	o, err := s.declared(ch)
	if err != nil {
		return err
	}
	o.SetUID(apitypes.UID(s.Meta(ch.Prior).UID.ValueString()))
	_, err = c.Apply(ctx, s.Kind, o, s.options(ch))
	return s.at(ctx, err)
}

func (s Spec[M]) delete(ctx context.Context, c *kube.Client, m *M) error {
	return c.Delete(ctx, s.Kind, s.key(m), s.Meta(m).UID.ValueString())
}

func (s Spec[M]) key(m *M) kube.Key {
	key := kube.Key{Name: s.Meta(m).Name.ValueString()}
	if s.Namespace != nil {
		key.Namespace = s.Namespace(m).ValueString()
	}
	return key
}

// declared is the object as the configuration declares it: names from the plan,
// which knows their defaults, and only the fields the user has written, so that
// no other is owned, and those that are held.
func (s Spec[M]) declared(ch crud.Change[M]) (*kube.Object, error) {
	o, err := build(s.Meta(ch.Config), hold(s.Fields(ch.Config), s.Fields(ch.Plan)))
	if err != nil {
		return nil, err
	}
	key := s.key(ch.Plan)
	o.SetNamespace(key.Namespace)
	o.SetName(key.Name)
	return o, nil
}

func (s Spec[M]) options(ch crud.Change[M]) kube.ApplyOptions {
	return kube.ApplyOptions{Force: s.Meta(ch.Plan).TakeOwnership.ValueBool()}
}

// at points the errors of refused fields at their attributes.
func (s Spec[M]) at(ctx context.Context, err error) error {
	var e *kube.Error
	if !errors.As(err, &e) {
		return err
	}
	attributes := s.Schema(ctx).Attributes
	var all []error
	for _, part := range e.Each() {
		if name, ok := attributeOf(attributes, part.Field()); ok {
			all = append(all, crud.At(path.Root(name), part))
		} else {
			all = append(all, part)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// attributeOf finds the attribute of a field as a server names it:
// "spec.peerIP", or Calico's Go names "PeerIP" and "IPPool.Spec.CIDR".
func attributeOf(attributes map[string]schema.Attribute, field string) (string, bool) {
	segments := strings.Split(field, ".")
	for len(segments) > 1 && (strings.EqualFold(segments[0], "ippool") || strings.EqualFold(segments[0], "spec") || segments[0] == "metadata") {
		segments = segments[1:]
	}
	first, _, _ := strings.Cut(segments[0], "[")
	for name := range attributes {
		if strings.EqualFold(strings.ReplaceAll(name, "_", ""), first) {
			return name, true
		}
	}
	return "", false
}
