package calico

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// ignoredInterface is what Calico's validator takes (libcalico-go, validator/v3).
var ignoredInterface = regexp.MustCompile(`^[a-zA-Z0-9_.*-]{1,15}$`)

// configurationNameValidator checks what Calico would otherwise store and
// ignore.
var configurationNameValidator = object.Check{
	Rule: "must be default, or node. with the name of a node",
	Find: func(s string) string {
		if node, ok := strings.CutPrefix(s, "node."); s == clusterConfiguration || ok && node != "" {
			return object.NameValidator().Find(s)
		}
		return `Calico reads "default", which is for all nodes, and "node." with the name of a node, such as "node.worker-01"`
	},
}

// communityValidator checks the value of a BGP community.
var communityValidator = object.Check{
	Rule: "must be a BGP community",
	Find: func(s string) string {
		if !isCommunity(s) {
			return `want a community such as "65001:100" (twice 0 to 65535), or a large one such as "65001:100:1" (thrice 0 to 4294967295)`
		}
		return ""
	},
}

func isCommunity(s string) bool {
	numbers, bits := strings.Split(s, ":"), 16
	if len(numbers) == 3 {
		bits = 32
	}
	return (len(numbers) == 2 || len(numbers) == 3) && !slices.ContainsFunc(numbers, func(n string) bool {
		_, err := strconv.ParseUint(n, 10, bits)
		return err != nil
	})
}

func bgpConfigurationSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Calico [BGPConfiguration](https://docs.tigera.io/calico/latest/reference/resources/bgpconfig): how the nodes speak BGP. " +
			"There is one for the cluster, named `default`, and there may be one for a node, `node.worker-01`, with what differs there. Applied through " +
			"`projectcalico.org/v3`, which calico-apiserver serves.\n\n" +
			"Some installations have `default` already: import it, or set `take_ownership`. Destroying it returns Calico to AS 64512 and a full mesh of nodes.",
		Attributes: object.Attributes(ctx, bgpConfigurationKind, map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "`default`, for all nodes, or `node.` with the name of one. Defaults to `default`. Changing it makes a new object.",
				Optional:            true, Computed: true,
				Default:       stringdefault.StaticString(clusterConfiguration),
				Validators:    []validator.String{configurationNameValidator},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"as_number": schema.StringAttribute{
				MarkdownDescription: "AS number of the nodes, 1 to 4294967295. Defaults to 64512. Only in `default`.",
				CustomType:          semtype.ASNumberType{}, Optional: true,
			},
			"node_to_node_mesh_enabled": schema.BoolAttribute{
				MarkdownDescription: "Whether every node peers with every other. Defaults to `true`; `false` where the nodes peer with their switches, or with route " +
					"reflectors. Only in `default`.",
				Optional: true,
			},
			"node_mesh_password_secret": passwordSecretAttribute("The Secret with the TCP MD5 password of the sessions between nodes, in the namespace that " +
				"calico-node runs in. Not without the mesh. Only in `default`. Calico calls it `nodeMeshPassword.secretKeyRef`."),
			"node_mesh_max_restart_time": schema.StringAttribute{
				MarkdownDescription: "How long nodes keep each other's routes while BGP restarts gracefully: `120s`. Defaults to BIRD's own, 120 s. " +
					"Not without the mesh. Only in `default`.",
				CustomType: semtype.DurationType{}, Optional: true,
			},
			"service_cluster_ips":       networksAttribute("Networks of cluster IPs to announce, and the cluster IPs in them. Only in `default`. Calico calls it `serviceClusterIPs`."),
			"service_external_ips":      networksAttribute("Networks whose external IPs of services are announced. Only in `default`. Calico calls it `serviceExternalIPs`."),
			"service_load_balancer_ips": networksAttribute("Networks whose load-balancer IPs of services are announced. Only in `default`. Calico calls it `serviceLoadBalancerIPs`."),
			"service_load_balancer_aggregation": schema.StringAttribute{
				MarkdownDescription: "Whether the networks of load-balancer IPs are announced as a whole, `Enabled` (the default), or only the addresses in use, `Disabled`. " +
					"Since Calico 3.31, which calls it `serviceLoadBalancerAggregation`.",
				Optional:   true,
				Validators: []validator.String{stringvalidator.OneOf("Enabled", "Disabled")},
			},
			"communities":           communitiesAttribute(),
			"prefix_advertisements": prefixAdvertisementsAttribute(),
			"listen_port": schema.Int64Attribute{
				MarkdownDescription: "Port on which the nodes accept BGP sessions. Defaults to 179; 1 to 65535.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.Between(1, 65535)},
			},
			"bind_mode": schema.StringAttribute{
				MarkdownDescription: "Whether the nodes accept BGP sessions at all of their addresses, `None` (the default), or only at the node's own, `NodeIP`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("None", "NodeIP")},
			},
			"ignored_interfaces": schema.ListAttribute{
				MarkdownDescription: "Network interfaces, with `*` for any part, whose routes are not announced: `docker*`.",
				ElementType:         types.StringType, Optional: true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.UniqueValues(),
					listvalidator.ValueStringsAre(stringvalidator.NoneOf("*"),
						stringvalidator.RegexMatches(ignoredInterface, "must be the name of an interface, at most 15 characters, or a pattern with *")),
				},
			},
			"log_severity_screen": schema.StringAttribute{
				MarkdownDescription: "From which severity on BIRD logs: `Trace`, `Debug`, `Info` (the default), `Warning`, `Error` or `Fatal`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("Trace", "Debug", "Info", "Warning", "Error", "Fatal")},
			},
		}),
	}
}

// networksAttribute is a list of networks. Calico has an object around each.
func networksAttribute(description string) schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Validators:          []validator.List{listvalidator.SizeAtLeast(1), listvalidator.UniqueValues()},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"cidr": schema.StringAttribute{
				MarkdownDescription: "The network, without host bits: `10.96.0.0/16`.", CustomType: semtype.PrefixType{}, Required: true,
			},
		}},
	}
}

func communitiesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: "Names of BGP communities, for `prefix_advertisements`.",
		Optional:            true,
		Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name to use in `prefix_advertisements`.", Required: true,
				Validators: []validator.String{object.NameValidator()},
			},
			"value": schema.StringAttribute{
				MarkdownDescription: "The community: `65001:100`, or a large one, `65001:100:1`.", Required: true,
				Validators: []validator.String{communityValidator},
			},
		}},
	}
}

func prefixAdvertisementsAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: "Communities of the routes to the addresses in given networks.",
		Optional:            true,
		Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"cidr": schema.StringAttribute{
				MarkdownDescription: "The network, without host bits.", CustomType: semtype.PrefixType{}, Required: true,
			},
			"communities": schema.ListAttribute{
				MarkdownDescription: "Communities, by value (`65001:100`, `65001:100:1`) or by a name from `communities`.",
				ElementType:         types.StringType, Required: true,
				Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.UniqueValues()},
			},
		}},
	}
}
