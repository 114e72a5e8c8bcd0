package kongapi_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// TestContract holds what the provider relies on against the simulator.
func TestContract(t *testing.T) {
	t.Parallel()
	contract(t, kongsim.New().Start(t))
}

// TestAccContract holds the same against a real gateway.
func TestAccContract(t *testing.T) {
	url := os.Getenv("KONG_ADMIN_URL")
	if os.Getenv("TF_ACC") == "" || url == "" {
		t.Skip("needs TF_ACC=1 and KONG_ADMIN_URL, the Admin API of a gateway with a database")
	}
	contract(t, url)
}

func client(t *testing.T, url string, change ...func(*api.Config)) *kongapi.Client {
	t.Helper()
	config := api.Config{System: "kong", URL: url, URLSetting: "admin_url"}
	for _, c := range change {
		c(&config)
	}
	c, err := kongapi.New(kongapi.Config{HTTP: config})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func contract(t *testing.T, url string) {
	t.Helper()
	ctx := t.Context()
	c := client(t, url)
	info, err := c.Info(ctx)
	if err != nil || !strings.HasPrefix(info.Version, "3.") || info.Database != "postgres" {
		t.Fatalf("Info: %+v, %v", info, err)
	}

	serviceID, routeID := uuid.NewString(), uuid.NewString()
	name := "contract-" + serviceID[:8]
	service := kongapi.Service{
		Name: &name, Protocol: "https", Host: "frs.example.internal", Port: 8443, Path: ptr("/v1"), Enabled: true,
		Retries: ptr(int64(0)), ConnectTimeout: ptr(int64(1)), ReadTimeout: ptr(int64(2)), WriteTimeout: ptr(int64(3)),
		TLSVerify: ptr(true), Tags: []string{"a"}, CACertificates: []string{},
	}
	route := kongapi.Route{
		Name: &name, Protocols: []string{"http", "https"}, Paths: []string{"/v1", `~/v\d+$`}, Hosts: []string{},
		Headers: map[string][]string{"x-site": {"seoul"}}, HTTPSRedirectStatusCode: 426, RegexPriority: ptr(int64(0)),
		PathHandling: ptr("v0"), Service: &kongapi.Ref{ID: serviceID},
	}
	t.Cleanup(func() {
		_ = c.Routes.Delete(ctx, routeID)
		_ = c.Services.Delete(ctx, serviceID)
	})
	must(t, c.Services.Create(ctx, serviceID, &service))
	must(t, c.Routes.Create(ctx, routeID, &route))

	// Everything comes back as it was sent: null and empty lists apart.
	ignore := cmpopts.IgnoreFields(kongapi.Service{}, "ID", "CreatedAt", "UpdatedAt")
	for _, key := range []string{serviceID, name} {
		got, err := c.Services.Get(ctx, key)
		must(t, err)
		if diff := cmp.Diff(&service, got, ignore); diff != "" {
			t.Errorf("service %s (-sent +read):\n%s", key, diff)
		}
	}
	got, err := c.Routes.Get(ctx, name)
	must(t, err)
	if diff := cmp.Diff(&route, got, cmpopts.IgnoreFields(kongapi.Route{}, "ID", "CreatedAt", "UpdatedAt")); diff != "" {
		t.Errorf("route (-sent +read):\n%s", diff)
	}

	// An update clears what is nil.
	service.Path, service.Tags, service.TLSVerify, service.CACertificates = nil, nil, nil, nil
	service.Protocol = "http"
	must(t, c.Services.Update(ctx, serviceID, &service))
	after, err := c.Services.Get(ctx, serviceID)
	must(t, err)
	if diff := cmp.Diff(&service, after, ignore); diff != "" {
		t.Errorf("updated service (-sent +read):\n%s", diff)
	}

	refusals(t, c, name, serviceID)

	must(t, c.Routes.Delete(ctx, routeID))
	must(t, c.Services.Delete(ctx, serviceID))
	must(t, c.Services.Delete(ctx, serviceID)) // once more does no harm
	if _, err := c.Services.Get(ctx, serviceID); !api.IsNotFound(err) {
		t.Errorf("Get after Delete: %v", err)
	}
	if err := c.Services.Update(ctx, serviceID, &service); !api.IsNotFound(err) {
		t.Errorf("Update after Delete: %v", err)
	}
}

func refusals(t *testing.T, c *kongapi.Client, name, serviceID string) {
	t.Helper()
	ctx := t.Context()
	var refusal *kongapi.Refusal

	err := c.Services.Create(ctx, uuid.NewString(), &kongapi.Service{Name: &name, Protocol: "http", Host: "h", Enabled: true})
	if !errors.As(err, &refusal) {
		t.Fatalf("taken name: %v", err)
	}
	if field, value := refusal.Taken(); field != "name" || value != name || refusal.At() != "name" {
		t.Errorf("taken name: %q %q at %q", field, value, refusal.At())
	}

	err = c.Services.Create(ctx, uuid.NewString(), &kongapi.Service{Protocol: "http", Host: "h", Port: 70000, Enabled: true})
	if !errors.As(err, &refusal) || refusal.At() != "port" || !strings.Contains(err.Error(), "between 0 and 65535") {
		t.Errorf("port: %v", err)
	}
	// A rule over two fields is about the one that is named.
	err = c.Services.Create(ctx, uuid.NewString(), &kongapi.Service{Protocol: "tcp", Host: "h", Path: ptr("/x"), Enabled: true})
	if !errors.As(err, &refusal) || refusal.At() != "path" {
		t.Errorf("path with tcp: %v", err)
	}
	err = c.Services.Delete(ctx, serviceID)
	if !errors.As(err, &refusal) || !strings.Contains(hint(err), "still used by routes") {
		t.Errorf("delete of a service in use: %v: %s", err, hint(err))
	}
	err = c.Routes.Create(ctx, uuid.NewString(), &kongapi.Route{Protocols: []string{"http"}, Paths: []string{"/x"},
		HTTPSRedirectStatusCode: 426, Service: &kongapi.Ref{ID: uuid.NewString()}})
	if !errors.As(err, &refusal) || refusal.At() != "service" || hint(err) == "" {
		t.Errorf("missing service: %v", err)
	}
}

func hint(err error) string {
	var hinting interface{ Hint() string }
	if errors.As(err, &hinting) {
		return hinting.Hint()
	}
	return ""
}

func ptr[T any](v T) *T { return &v }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
