package fastpath

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

type server struct {
	Server
	provider Provider
	entities func() map[string]*entity
}

// entity is the type of that name; nil if nothing can be said about it.
func (s *server) entity(typeName string) *entity {
	e := s.entities()[typeName]
	if e == nil {
		return nil
	}
	if e.compiled(); e.schema == nil {
		return nil
	}
	return e
}

// ruled is the type of that name if it answers for its rules too.
func (s *server) ruled(typeName string) *entity {
	e := s.entity(typeName)
	if e == nil || e.rules == nil {
		return nil
	}
	return e
}

// note stands in the log for the framework's own lines.
func note(ctx context.Context) { tflog.Trace(ctx, "Answered without the framework") }

// UpgradeResourceState turns the JSON of a state of this version into
// MessagePack.
func (s *server) UpgradeResourceState(ctx context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if e := s.entity(r.TypeName); e != nil && r.RawState != nil && r.Version == e.framework.Version {
		if state, err := e.schema.Upgrade(r.RawState.JSON); err == nil {
			note(ctx)
			return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{MsgPack: state}}, nil
		}
	}
	return s.Server.UpgradeResourceState(ctx, r)
}

// ReadResource answers with the state that it was asked about when the object
// is still so (fwserver/server_readresource.go).
func (s *server) ReadResource(ctx context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	e, data := s.ruled(r.TypeName), s.provider.ResourceData()
	if e == nil || data == nil || !kept(r.Private) || r.ProviderMeta != nil || !encoded(r.CurrentState) || !e.schema.Sound(ctx, r.CurrentState.MsgPack) {
		return s.Server.ReadResource(ctx, r)
	}
	of := e.with(ctx, data)
	if of == nil {
		return s.Server.ReadResource(ctx, r)
	}
	next, identity, ok := of.ReadUnchanged(ctx, r.CurrentState.MsgPack)
	if !ok || r.CurrentIdentity != nil && !is(r.CurrentIdentity, identity) {
		return s.Server.ReadResource(next, r)
	}
	note(ctx)
	resp := &tfprotov6.ReadResourceResponse{NewState: r.CurrentState, Private: r.Private}
	if e.identified {
		resp.NewIdentity = identityOf(identity)
	}
	return resp, nil
}

// ValidateResourceConfig answers for configurations that nothing is to be said
// about (fwserver/server_validateresourceconfig.go).
func (s *server) ValidateResourceConfig(ctx context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	e := s.ruled(r.TypeName)
	if e == nil || !encoded(r.Config) {
		return s.Server.ValidateResourceConfig(ctx, r)
	}
	writeOnly := r.ClientCapabilities != nil && r.ClientCapabilities.WriteOnlyAttributesAllowed
	decode := func() (tfsdk.Config, error) {
		v, err := r.Config.Unmarshal(e.typ)
		return tfsdk.Config{Raw: v, Schema: e.framework}, err
	}
	if !e.schema.Accepts(ctx, r.Config.MsgPack, writeOnly, decode) || !e.rules.ConfigFine(ctx, r.Config.MsgPack) {
		return s.Server.ValidateResourceConfig(ctx, r)
	}
	note(ctx)
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// PlanResourceChange answers with the prior state when nothing is proposed that
// differs from it (fwserver/server_planresourcechange.go).
func (s *server) PlanResourceChange(ctx context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	e := s.ruled(r.TypeName)
	if e == nil || !kept(r.PriorPrivate) || r.ProviderMeta != nil || !encoded(r.Config) || !encoded(r.PriorState) || !encoded(r.ProposedNewState) ||
		!e.schema.Steady(ctx, r.Config.MsgPack, r.PriorState.MsgPack, r.ProposedNewState.MsgPack) ||
		!e.rules.PlanStays(ctx, r.Config.MsgPack, r.PriorState.MsgPack) {
		return s.Server.PlanResourceChange(ctx, r)
	}
	note(ctx)
	resp := &tfprotov6.PlanResourceChangeResponse{PlannedState: r.PriorState, PlannedIdentity: r.PriorIdentity, PlannedPrivate: r.PriorPrivate}
	if resp.PlannedIdentity == nil && e.identified {
		resp.PlannedIdentity = identityOf([]byte{0xc0}) // null, as MessagePack
	}
	return resp, nil
}

// encoded: Terraform sends MessagePack; JSON is for the framework.
func encoded(v *tfprotov6.DynamicValue) bool { return v != nil && len(v.MsgPack) > 0 }

func identityOf(encoded []byte) *tfprotov6.ResourceIdentityData {
	return &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: encoded}}
}

func is(have *tfprotov6.ResourceIdentityData, identity []byte) bool {
	return have.IdentityData != nil && bytes.Equal(have.IdentityData.MsgPack, identity)
}

// kept reports whether the framework answers with the private state that it was
// asked with, byte for byte: it decodes and encodes it, and keeps a key of its
// own for the first read after an import (privatestate/data.go).
func kept(private []byte) bool {
	if len(private) == 0 {
		return true
	}
	var data map[string][]byte
	if json.Unmarshal(private, &data) != nil || len(data) == 0 {
		return false
	}
	for key, value := range data {
		if strings.HasPrefix(key, ".") || !utf8.Valid(value) || !json.Valid(value) {
			return false
		}
	}
	again, err := json.Marshal(data)
	return err == nil && bytes.Equal(again, private)
}
