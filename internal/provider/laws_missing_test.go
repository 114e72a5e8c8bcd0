package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborsim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// TestDataSourcesNameWhatIsMissing: a data source that finds nothing says what
// was looked for, and what to do about it.
func TestDataSourcesNameWhatIsMissing(t *testing.T) { // not in parallel: it changes the environment
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	for name, value := range map[string]string{
		"HARBOR_URL": serve(harborsim.New()), "HARBOR_USERNAME": "admin", "HARBOR_PASSWORD": "Harbor12345",
		"GUACAMOLE_URL": serve(guacsim.New()), "GUACAMOLE_USERNAME": "guacadmin", "GUACAMOLE_PASSWORD": "guacadmin",
		"KONG_ADMIN_URL": kongsim.New().Start(t),
	} {
		t.Setenv(name, value)
	}
	server := providerserver.NewProtocol6(New("test")())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := schemas.Provider.ValueType().(tftypes.Object)
	if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: dynamicOf(t, block, map[string]tftypes.Value{})}); err != nil {
		t.Fatal(err)
	}
	for name, s := range schemas.DataSourceSchemas {
		system, kind, _ := strings.Cut(strings.TrimPrefix(name, "onprem_"), "_")
		if !slices.Contains([]string{"harbor", "guacamole", "kong"}, system) {
			continue // those of Kubernetes and of clusters need a server of their own, and have their own tests
		}
		typ, _ := s.ValueType().(tftypes.Object)
		by := slices.DeleteFunc([]string{"name", "path"}, func(attribute string) bool {
			return !slices.ContainsFunc(s.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == attribute && (a.Required || a.Optional) })
		})
		for _, attribute := range by { // none for those of many
			config := dynamicOf(t, typ, map[string]tftypes.Value{attribute: tftypes.NewValue(tftypes.String, "no-such-name")})
			read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: config})
			if err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprint(len(read.Diagnostics), " diagnostics")
			if len(read.Diagnostics) == 1 {
				said = read.Diagnostics[0].Detail
			}
			cause, advice, _ := strings.Cut(said, "\n\n")
			named := strings.Contains(cause, `"no-such-name"`) && strings.Contains(cause, strings.ReplaceAll(kind, "_", " "))
			if !named || advice == "" || strings.Contains(said, "``") {
				t.Errorf("%s by %s: %s", name, attribute, said)
			}
		}
	}
}
