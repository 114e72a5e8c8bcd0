package crud_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	pschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// box is the object of the smallest system there is.
type box struct {
	Room       types.String   `tfsdk:"room"`
	Number     types.Int64    `tfsdk:"number"`
	Label      types.String   `tfsdk:"label"`
	SecretWO   types.String   `tfsdk:"secret_wo"`
	SecretHash types.Int64    `tfsdk:"secret_wo_version"`
	Timeouts   timeouts.Value `tfsdk:"timeouts"`
}

func (b *box) OperationTimeouts() timeouts.Value { return b.Timeouts }

// cellar is that system: boxes by room and number, with faults.
type cellar struct {
	mu       sync.Mutex
	boxes    map[string]map[int64]string
	secrets  []string
	next     int64
	deadline bool // whether the last create had one

	failCreate, failRead error
	creates              int
	reviews              []string
}

// reviewed notes what a plan is about, and warns of deletions.
func (c *cellar) reviewed(ch crud.Change[box], diags *diag.Diagnostics) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ch.Plan == nil:
		c.reviews = append(c.reviews, "destroy "+ch.Prior.Label.ValueString())
		diags.AddWarning("Box goes", "It will be gone.")
	case ch.Prior == nil:
		c.reviews = append(c.reviews, "create "+ch.Plan.Label.ValueString())
	default:
		c.reviews = append(c.reviews, "update "+ch.Prior.Label.ValueString()+" to "+ch.Plan.Label.ValueString())
	}
}

func (c *cellar) create(ctx context.Context, ch crud.Change[box]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, c.deadline = ctx.Deadline()
	c.keep(ch)
	if c.failCreate != nil && !errors.Is(c.failCreate, errHalf) {
		return c.failCreate
	}
	c.next++
	c.creates++
	room := ch.Plan.Room.ValueString()
	if c.boxes[room] == nil {
		c.boxes[room] = map[int64]string{}
	}
	c.boxes[room][c.next] = ch.Plan.Label.ValueString()
	ch.Plan.Number = types.Int64Value(c.next)
	if c.failCreate != nil {
		return crud.Incomplete(c.failCreate)
	}
	return nil
}

// keep notes what is to be done about the secret.
func (c *cellar) keep(ch crud.Change[box]) {
	secret, err := crud.Secret(ch, boxSecret)
	switch {
	case err != nil:
		c.secrets = append(c.secrets, err.Error())
	case secret == nil:
		c.secrets = append(c.secrets, "left alone")
	default:
		c.secrets = append(c.secrets, *secret)
	}
}

func (c *cellar) read(_ context.Context, m *box) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failRead != nil {
		return c.failRead
	}
	label, ok := c.boxes[m.Room.ValueString()][m.Number.ValueInt64()]
	if !ok {
		return fmt.Errorf("box %d: %w", m.Number.ValueInt64(), api.ErrNotFound)
	}
	m.Label = types.StringValue(label)
	return nil
}

func (c *cellar) update(_ context.Context, ch crud.Change[box]) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch.Prior.Number.ValueInt64() != ch.Plan.Number.ValueInt64() {
		return fmt.Errorf("number changed from %s to %s", ch.Prior.Number, ch.Plan.Number)
	}
	c.keep(ch)
	c.boxes[ch.Plan.Room.ValueString()][ch.Plan.Number.ValueInt64()] = ch.Plan.Label.ValueString()
	return nil
}

func (c *cellar) delete(_ context.Context, m *box) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.boxes[m.Room.ValueString()], m.Number.ValueInt64())
	return nil
}

// set changes a fault while no operation is under way.
func (c *cellar) set(change func()) func() {
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		change()
	}
}

var errHalf = errors.New("the lid is missing")

// cellarProvider offers the resource "onprem_box".
type cellarProvider struct{ *cellar }

func (p cellarProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "onprem"
}

func (p cellarProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = pschema.Schema{}
}

func (p cellarProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ResourceData = clients.New(clients.Settings{})
	resp.DataSourceData, resp.ListResourceData = resp.ResourceData, resp.ResourceData
}

func (p cellarProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{crud.NewList(p.spec())}
}

func (p cellarProvider) DataSources(context.Context) []func() datasource.DataSource {
	type byNumber struct {
		Room   types.String `tfsdk:"room"`
		Number types.Int64  `tfsdk:"number"`
		Label  types.String `tfsdk:"label"`
	}
	return []func() datasource.DataSource{crud.NewData(crud.DataSpec[byNumber, *cellar]{
		Name:   "box",
		Client: func(*clients.Set) (*cellar, error) { return p.cellar, nil },
		Schema: func(context.Context) dschema.Schema {
			return dschema.Schema{Attributes: map[string]dschema.Attribute{
				"room":   dschema.StringAttribute{Required: true},
				"number": dschema.Int64Attribute{Required: true},
				"label":  dschema.StringAttribute{Computed: true},
			}}
		},
		Read: func(ctx context.Context, c *cellar, m *byNumber) error {
			b := box{Room: m.Room, Number: m.Number}
			err := c.read(ctx, &b)
			m.Label = b.Label
			return err
		},
	}), crud.NewPluralData(p.spec())}
}

func (p cellarProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{crud.New(p.spec())}
}

func (p cellarProvider) spec() crud.Spec[box, *cellar] {
	return crud.Spec[box, *cellar]{
		Name: "box", Identity: []string{"room", "number"},
		Client: func(*clients.Set) (*cellar, error) { return p.cellar, nil },
		Schema: func(ctx context.Context) schema.Schema {
			return schema.Schema{Attributes: map[string]schema.Attribute{
				"room":              schema.StringAttribute{Required: true},
				"number":            schema.Int64Attribute{Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
				"label":             schema.StringAttribute{Optional: true, Computed: true},
				"secret_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
				"secret_wo_version": schema.Int64Attribute{Optional: true},
				"timeouts":          timeouts.Attributes(ctx, timeouts.Opts{Create: true}),
			}}
		},
		Create: func(ctx context.Context, c *cellar, ch crud.Change[box]) error { return c.create(ctx, ch) },
		Read:   func(ctx context.Context, c *cellar, m *box) error { return c.read(ctx, m) },
		Update: func(ctx context.Context, c *cellar, ch crud.Change[box]) error { return c.update(ctx, ch) },
		Delete: func(ctx context.Context, c *cellar, m *box) error { return c.delete(ctx, m) },
		Check: func(m *box, diags *diag.Diagnostics) {
			if m.Label.ValueString() == m.Room.ValueString() {
				diags.AddAttributeError(path.Root("label"), "Label of a room", "Boxes are not rooms.")
			}
		},
		Complete: func(config, plan *box) {
			if config.Label.IsNull() {
				plan.Label = types.StringValue("a box in " + plan.Room.ValueString())
			}
		},
		Secrets: func(m *box) []crud.SecretField { return []crud.SecretField{boxSecret(m)} },
		Review: func(_ context.Context, client func() (*cellar, error), ch crud.Change[box], diags *diag.Diagnostics) {
			if c, err := client(); err == nil {
				c.reviewed(ch, diags)
			}
		},
		List: &crud.Listing[box, *cellar]{
			Within: []string{"room"}, Each: eachBox, Partly: true,
			Title: func(m *box) string { return "box " + m.Number.String() },
		},
	}
}

func boxSecret(m *box) crud.SecretField {
	return crud.SecretField{Path: path.Root("secret_wo"), Value: m.SecretWO, Version: m.SecretHash}
}

// eachBox lists one box more than there are: one that goes in that moment.
func eachBox(_ context.Context, c *cellar, within *box, found func(func(*box) error) bool) error {
	c.mu.Lock()
	rooms := maps.Clone(c.boxes)
	c.mu.Unlock()
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if !within.Room.IsNull() && within.Room.ValueString() != room {
			continue
		}
		for _, n := range append(slices.Sorted(maps.Keys(rooms[room])), 99) {
			if !found(func(m *box) error {
				m.Room, m.Number = types.StringValue(room), types.Int64Value(n)
				return nil
			}) {
				return nil
			}
		}
	}
	return nil
}

func cellarCase(steps ...test.TestStep) (*cellar, test.TestCase) {
	c := &cellar{boxes: map[string]map[int64]string{}}
	return c, test.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"onprem": providerserver.NewProtocol6WithError(cellarProvider{c}),
		},
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_11_0)},
		Steps:                  steps,
	}
}

const (
	wine = `
		resource "onprem_box" "wine" {
			room  = "north"
			label = "wine"
		}`
	beer = `
		resource "onprem_box" "wine" {
			room  = "north"
			label = "beer"
		}`
)

func TestLife(t *testing.T) {
	t.Parallel()
	c, tc := cellarCase(
		test.TestStep{
			Config: `
				resource "onprem_box" "wine" {
					room              = "north"
					label             = "wine"
					secret_wo         = "s3cret"
					secret_wo_version = 1
					timeouts          = { create = "1m" }
				}
				data "onprem_box" "wine" {
					room   = onprem_box.wine.room
					number = onprem_box.wine.number
				}`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.onprem_box.wine", tfjsonpath.New("label"), knownvalue.StringExact("wine")),
				statecheck.ExpectKnownValue("onprem_box.wine", tfjsonpath.New("secret_wo"), knownvalue.Null()),
			},
		},
		test.TestStep{ResourceName: "onprem_box.wine", ImportState: true, ImportStateId: "north/1", ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "number", ImportStateVerifyIgnore: []string{"secret_wo_version", "timeouts"}},
		test.TestStep{ResourceName: "onprem_box.wine", ImportState: true, ImportStateId: "north", ExpectError: regexp.MustCompile(`(?s)is not an import id.*<room>/<number>`)},
		test.TestStep{ResourceName: "onprem_box.wine", ImportState: true, ImportStateId: "north/one", ExpectError: regexp.MustCompile("is not an import id")},
		test.TestStep{ResourceName: "onprem_box.wine", ImportState: true, ImportStateId: "north/99", ExpectError: regexp.MustCompile("non-existent")},
		test.TestStep{Config: beer, ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction("onprem_box.wine", plancheck.ResourceActionUpdate),
		}}},
	)
	test.UnitTest(t, tc)
	if len(c.boxes["north"]) != 0 {
		t.Errorf("left over: %v", c.boxes)
	}
	if !c.deadline {
		t.Error("the configured timeout has not reached the function")
	}
	if len(c.secrets) == 0 || c.secrets[0] != "s3cret" {
		t.Errorf("functions saw the secrets %q", c.secrets)
	}
}

func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	_, tc := cellarCase(
		test.TestStep{Config: wine},
		test.TestStep{ResourceName: "onprem_box.wine", ImportState: true, ImportStateKind: test.ImportBlockWithResourceIdentity},
	)
	tc.TerraformVersionChecks = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)}
	test.UnitTest(t, tc)
}

func TestGoneBehindTerraformsBack(t *testing.T) {
	t.Parallel()
	c, tc := cellarCase()
	tc.Steps = []test.TestStep{
		{Config: wine},
		{PreConfig: c.set(func() { c.boxes["north"] = nil }), Config: wine, ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction("onprem_box.wine", plancheck.ResourceActionCreate),
		}}},
	}
	test.UnitTest(t, tc)
}

// TestFailedReadBackTaints: the object is known to Terraform although its
// read-back failed, and the next apply replaces it: one object in the end.
func TestFailedReadBackTaints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault func(*cellar)
		want  string
	}{
		{"read-back", func(c *cellar) { c.failRead = errors.New("the light went out") }, `Unable to read back onprem_box`},
		{"incomplete create", func(c *cellar) { c.failCreate = errHalf }, `Unable to create onprem_box`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, tc := cellarCase()
			tc.Steps = []test.TestStep{
				{PreConfig: c.set(func() { tt.fault(c) }), Config: wine, ExpectError: regexp.MustCompile(tt.want)},
				{PreConfig: c.set(func() { c.failRead, c.failCreate = nil, nil }), Config: wine, ConfigPlanChecks: test.ConfigPlanChecks{
					PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction("onprem_box.wine", plancheck.ResourceActionReplace)},
				}, Check: func(*terraform.State) error {
					if len(c.boxes["north"]) != 1 || c.creates != 2 {
						return fmt.Errorf("%d boxes after %d creates", len(c.boxes["north"]), c.creates)
					}
					return nil
				}},
			}
			test.UnitTest(t, tc)
		})
	}
}

type adviceError struct{}

func (adviceError) Error() string { return "no room left" }
func (adviceError) Hint() string  { return "Build a bigger cellar." }

func TestErrorsSayWhatWhyAndWhatNow(t *testing.T) {
	t.Parallel()
	c, tc := cellarCase()
	tc.Steps = []test.TestStep{
		{PreConfig: c.set(func() { c.failCreate = crud.At(path.Root("label"), adviceError{}) }), Config: wine,
			ExpectError: regexp.MustCompile(`(?s)Unable to create onprem_box.*label +=.*no room left.*Build a bigger cellar`)},
		{PreConfig: c.set(func() { c.failCreate = errors.Join(errors.New("first"), errors.New("second")) }), Config: wine,
			ExpectError: regexp.MustCompile(`(?s)Unable to create onprem_box.*first.*Unable to create onprem_box.*second`)},
		{Config: `data "onprem_box" "none" {
			room   = "north"
			number = 7
		}`, ExpectError: regexp.MustCompile(`(?s)Unable to read onprem_box.*not found`)},
	}
	test.UnitTest(t, tc)
}
