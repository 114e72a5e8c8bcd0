package crud_test

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestList: every object with its identity and title, as many as are asked for,
// narrowed to a room; one that goes meanwhile is not there.
func TestList(t *testing.T) {
	t.Parallel()
	c := &cellar{boxes: map[string]map[int64]string{"north": {1: "wine", 2: "beer"}, "south": {3: "coal"}}}
	for name, tc := range map[string]struct {
		room   any
		limit  int64
		whole  bool
		titles []string
	}{
		"all":      {limit: 100, whole: true, titles: []string{"box 1", "box 2", "box 3"}},
		"limited":  {limit: 2, whole: true, titles: []string{"box 1", "box 2"}},
		"narrowed": {room: "south", limit: 100, whole: true, titles: []string{"box 3"}},
		"unread":   {room: "south", limit: 100, titles: []string{"box 3", "box 99"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var titles []string
			for _, r := range listed(t, c, tc.room, tc.limit, tc.whole) {
				if len(r.Diagnostics) > 0 {
					t.Fatal(r.Diagnostics[0].Summary, r.Diagnostics[0].Detail)
				}
				titles = append(titles, r.DisplayName)
				if (r.Resource != nil) != tc.whole || r.Identity == nil {
					t.Errorf("%s: resource %v, identity %v", r.DisplayName, r.Resource, r.Identity)
				}
			}
			if !slices.Equal(titles, tc.titles) {
				t.Errorf("listed %q, want %q", titles, tc.titles)
			}
		})
	}
}

func listed(t *testing.T, c *cellar, room any, limit int64, whole bool) []tfprotov6.ListResourceResult {
	t.Helper()
	server, ok := providerserver.NewProtocol6(cellarProvider{c})().(tfprotov6.ProviderServerWithListResource) //nolint:staticcheck // until all servers have it
	if !ok {
		t.Fatal("the server lists nothing")
	}
	empty := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	none, err := tfprotov6.NewDynamicValue(empty, tftypes.NewValue(empty, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &none}); err != nil {
		t.Fatal(err)
	}
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"room": tftypes.String}}
	config, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, map[string]tftypes.Value{"room": tftypes.NewValue(tftypes.String, room)}))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := server.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: "onprem_box", Config: &config, Limit: limit, IncludeResource: whole})
	if err != nil {
		t.Fatal(err)
	}
	var all []tfprotov6.ListResourceResult
	for r := range stream.Results {
		all = append(all, r)
	}
	return all
}

// TestPluralData: the same objects in a data source, without what is write-only.
func TestPluralData(t *testing.T) {
	t.Parallel()
	c, tc := cellarCase()
	c.boxes = map[string]map[int64]string{"north": {1: "wine", 2: "beer"}, "south": {3: "coal"}}
	tc.Steps = []test.TestStep{{
		Config: `
			data "onprem_boxes" "all" {}
			data "onprem_boxes" "south" {
				room = "south"
			}`,
		Check: test.ComposeAggregateTestCheckFunc(
			test.TestCheckResourceAttr("data.onprem_boxes.all", "boxes.#", "3"),
			test.TestCheckResourceAttr("data.onprem_boxes.south", "boxes.#", "1"),
			test.TestCheckResourceAttr("data.onprem_boxes.south", "boxes.0.label", "coal"),
			test.TestCheckNoResourceAttr("data.onprem_boxes.south", "boxes.0.secret_wo"),
			test.TestCheckNoResourceAttr("data.onprem_boxes.south", "boxes.0.secret_wo_version"),
		),
	}}
	test.UnitTest(t, tc)
}
