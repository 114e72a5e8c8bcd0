// Command idle is a provider with this project's schemas that does nothing: it
// answers with what it was given. No provider with these schemas can be cheaper,
// so what it costs is Terraform's, and what ours costs more is ours.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

func main() {
	// The SDK's trace log would cost more than all the rest.
	for _, log := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		_ = os.Setenv(log, "ERROR") // fails for impossible names only
	}
	serve := providerserver.NewProtocol6(provider.New("idle")())
	err := tf6server.Serve("registry.terraform.io/onprem-tools/onprem", func() tfprotov6.ProviderServer { return idle{serve()} })
	if err != nil {
		fmt.Fprintln(os.Stderr, "idle:", err)
		os.Exit(1)
	}
}

// idle has the schemas of the server that it embeds.
type idle struct{ tfprotov6.ProviderServer }

// ValidateProviderConfig answers with the configuration.
func (idle) ValidateProviderConfig(_ context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: r.Config}, nil
}

// ConfigureProvider has nothing to configure.
func (idle) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

// ValidateResourceConfig finds nothing.
func (idle) ValidateResourceConfig(context.Context, *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

// UpgradeResourceState answers with the state as it is stored.
func (idle) UpgradeResourceState(_ context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{JSON: r.RawState.JSON}}, nil
}

// ReadResource finds everything as it was.
func (idle) ReadResource(_ context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: r.CurrentState, NewIdentity: r.CurrentIdentity, Private: r.Private}, nil
}

// PlanResourceChange plans what Terraform proposes.
func (idle) PlanResourceChange(_ context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: r.ProposedNewState, PlannedIdentity: r.PriorIdentity, PlannedPrivate: r.PriorPrivate}, nil
}

// ApplyResourceChange has everything become as planned.
func (idle) ApplyResourceChange(_ context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{NewState: r.PlannedState, NewIdentity: r.PlannedIdentity, Private: r.PlannedPrivate}, nil
}
