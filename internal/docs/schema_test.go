package main

import (
	"encoding/json"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// What is printed must be what the docs generator reads.
func TestSchemas(t *testing.T) {
	t.Parallel()
	out, err := schemas(t.Context(), providerserver.NewProtocol6(provider.New("test")())())
	if err != nil {
		t.Fatal(err)
	}
	var document tfjson.ProviderSchemas
	if err := json.Unmarshal(out, &document); err != nil {
		t.Fatal(err)
	}
	p := document.Schemas[source]
	if p == nil {
		t.Fatalf("no schemas for %s", source)
	}
	if p.ConfigSchema.Block.Attributes["harbor"].AttributeNestedType.Attributes["password"].Sensitive != true {
		t.Error("the password of the harbor block should be sensitive")
	}
	route := p.ResourceSchemas["onprem_kong_route"]
	if route == nil {
		t.Fatal("no schema of onprem_kong_route")
	}
	if got := route.Block.Attributes["headers"].AttributeType.FriendlyName(); got != "map of list of string" {
		t.Errorf("headers: got %s", got)
	}
	if secret := p.ResourceSchemas["onprem_harbor_registry"].Block.Attributes["access_secret_wo"]; !secret.WriteOnly || !secret.Sensitive {
		t.Errorf("access_secret_wo: got %+v", secret)
	}
	if p.DataSourceSchemas["onprem_kong_route"] == nil {
		t.Error("no schema of the data source onprem_kong_route")
	}
	identity := p.ResourceIdentitySchemas["onprem_kong_route"]
	if identity == nil || !identity.Attributes["id"].RequiredForImport {
		t.Errorf("identity of onprem_kong_route: got %+v", identity)
	}
}
