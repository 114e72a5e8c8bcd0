package cluster

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

const (
	defaultServiceCIDR = "10.96.0.0/12"
	defaultDNSDomain   = "cluster.local"
	defaultRepository  = "registry.k8s.io"
	defaultKubeVIP     = "ghcr.io/kube-vip/kube-vip:v1.0.0"
)

var (
	versionForm  = stringvalidator.RegexMatches(regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`), `must be a whole version without "v", such as 1.34.4`)
	notEmpty     = stringvalidator.LengthAtLeast(1)
	absolutePath = stringvalidator.RegexMatches(regexp.MustCompile(`^/`), "must be an absolute path")
	portNumber   = int64validator.Between(1, 65535)
)

func clusterSchema(ctx context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A Kubernetes cluster on machines that exist, made with kubeadm over SSH: several control planes behind a virtual IP or a load " +
			"balancer, or a single one. Machines are prepared, joined, configured, upgraded and removed in place; the plan says in `node_actions` what " +
			"will happen to each. Every step looks at the machine first, so an apply that was cut off is finished by the next one.\n\n" +
			"A network plugin is not installed. Until there is one, nodes that lack nothing else count as joined.\n\n" +
			"Needs Kubernetes 1.31 or later. Where to start: the guide [From bare machines to a cluster](../guides/clusters.md).",
		Attributes: merge(map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required: true, Validators: []validator.String{notEmpty},
				MarkdownDescription: "Name of the cluster (kubeadm calls it `clusterName`). It cannot be changed.",
			},
			"version": schema.StringAttribute{
				Required: true, Validators: []validator.String{versionForm},
				MarkdownDescription: "Version of Kubernetes (kubeadm calls it `kubernetesVersion`), without `v`: `1.34.4`. A newer one upgrades in place: the " +
					"control planes one by one, then the workers in batches, each drained first; an etcd snapshot is taken before. Patch releases may be " +
					"skipped, minor releases may not, and there is no way back.",
			},
			"control_plane_endpoint": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^.+:\d+$`), "must be host:port, such as 192.168.1.100:6443")},
				MarkdownDescription: "Where all nodes and users reach the API server, `host:port`: the virtual IP, or a load balancer. It cannot be changed.",
			},
			"virtual_ip": virtualIPAttribute(),
			"nodes":      nodesAttribute(),
		}, networkAttributes(), componentAttributes(), machineAttributes(), workAttributes(ctx), computedAttributes()),
	}
}

func merge(parts ...map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for _, part := range parts {
		for name, a := range part {
			all[name] = a
		}
	}
	return all
}

func virtualIPAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The address that kube-vip, a static pod on every control plane, keeps on one of them. Leave it out where an external load balancer " +
			"serves `control_plane_endpoint`, or with a single control plane.",
		Attributes: map[string]schema.Attribute{
			"address": schema.StringAttribute{
				CustomType: semtype.AddressType{}, Required: true,
				MarkdownDescription: "The address, unused so far. Usually the host of `control_plane_endpoint`.",
			},
			"interface": schema.StringAttribute{
				Optional: true, Validators: []validator.String{notEmpty},
				MarkdownDescription: "Network interface that gets the address (kube-vip calls it `vip_interface`): `bond0`. Defaults to the one with the default route.",
			},
			"mode": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("arp"), Validators: []validator.String{stringvalidator.OneOf("arp", "bgp")},
				MarkdownDescription: "How the network learns where the address is: `arp` (all control planes in one network) or `bgp`. Defaults to `arp`.",
			},
			"image": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultKubeVIP), Validators: []validator.String{notEmpty},
				MarkdownDescription: "Image of kube-vip, with tag. Defaults to `" + defaultKubeVIP + "`.",
			},
			"bgp": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "What kube-vip says to routers in mode `bgp`.",
				Attributes: map[string]schema.Attribute{
					"as_number": schema.Int64Attribute{
						Required: true, Validators: []validator.Int64{int64validator.Between(1, 1<<32-1)},
						MarkdownDescription: "AS number of the control planes (kube-vip calls it `bgp_as`).",
					},
					"peers": schema.ListNestedAttribute{
						Required: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
						MarkdownDescription: "Routers that learn the address (kube-vip calls them `bgp_peers`).",
						NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
							"address":   schema.StringAttribute{CustomType: semtype.AddressType{}, Required: true, MarkdownDescription: "Address of the router."},
							"as_number": schema.Int64Attribute{Required: true, Validators: []validator.Int64{int64validator.Between(1, 1<<32-1)}, MarkdownDescription: "Its AS number."},
						}},
					},
				},
			},
			"lease_duration": seconds(15, "How long a holder that fell silent keeps the address, in seconds (kube-vip calls it `vip_leaseduration`)"),
			"renew_deadline": seconds(10, "How long a holder tries to renew, in seconds, less than `lease_duration` (kube-vip calls it `vip_renewdeadline`)"),
			"retry_period":   seconds(2, "How often each control plane tries, in seconds, less than `renew_deadline` (kube-vip calls it `vip_retryperiod`)"),
		},
	}
}

func seconds(n int64, description string) schema.Attribute {
	return schema.Int64Attribute{
		Optional: true, Computed: true, Default: int64default.StaticInt64(n), Validators: []validator.Int64{int64validator.AtLeast(1)},
		MarkdownDescription: description + ". Defaults to `" + types.Int64Value(n).String() + "`.",
	}
}

func nodesAttribute() schema.Attribute {
	return schema.MapNestedAttribute{
		Required: true, Validators: []validator.Map{mapvalidator.SizeAtLeast(1)},
		MarkdownDescription: "The machines, by node name. A node that is added is prepared and joined, one that is taken out is drained and reset. To replace a " +
			"machine give the new one another name. Nodes that were joined by somebody else are left alone.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"role": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf(string(kubeadm.ControlPlane), string(kubeadm.Worker))},
				MarkdownDescription: "`control-plane` or `worker`.",
			},
			"address": schema.StringAttribute{
				CustomType: semtype.AddressType{}, Required: true,
				MarkdownDescription: "The node's own address in the cluster (kubeadm calls it `advertiseAddress`, the kubelet `--node-ip`). It cannot be changed.",
			},
			"labels": schema.MapAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Labels of the node. Labels that others have put are left alone.",
			},
			"taints":             taintsAttribute(),
			"kubelet_extra_args": argumentsAttribute("Arguments of this node's kubelet."),
			"ssh": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "How to log in to this machine, where it differs from the cluster's `ssh`.",
				Attributes: merge(sshAttributes(), map[string]schema.Attribute{
					"address": schema.StringAttribute{
						Optional: true, Validators: []validator.String{notEmpty},
						MarkdownDescription: "Name or address of the machine. Defaults to the node's `address`.",
					},
					"host_key": hostKeyAttribute(),
				}),
			},
		}},
	}
}

func taintsAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Optional: true,
		MarkdownDescription: "Taints of the node. Without it a control plane has its usual one, `node-role.kubernetes.io/control-plane:NoSchedule`, and a worker " +
			"none; `[]` is none on a control plane either.",
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"key":   schema.StringAttribute{Required: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "Key of the taint."},
			"value": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "Value of the taint."},
			"effect": schema.StringAttribute{
				Required: true, Validators: []validator.String{stringvalidator.OneOf("NoSchedule", "PreferNoSchedule", "NoExecute")},
				MarkdownDescription: "`NoSchedule`, `PreferNoSchedule` or `NoExecute`.",
			},
		}},
	}
}

func argumentsAttribute(description string) schema.Attribute {
	return schema.ListNestedAttribute{
		Optional: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
		MarkdownDescription: description,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":  schema.StringAttribute{Required: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "Name, without dashes. It may repeat."},
			"value": schema.StringAttribute{Required: true, MarkdownDescription: "Value."},
		}},
	}
}

func networkAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"pod_cidr": schema.StringAttribute{
			CustomType: semtype.PrefixType{}, Optional: true,
			MarkdownDescription: "Network of the pods (kubeadm calls it `podSubnet`). Most network plugins want it. It cannot be changed.",
		},
		"service_cidr": schema.StringAttribute{
			CustomType: semtype.PrefixType{}, Optional: true, Computed: true, Default: stringdefault.StaticString(defaultServiceCIDR),
			MarkdownDescription: "Network of the services (kubeadm calls it `serviceSubnet`). Defaults to `" + defaultServiceCIDR + "`. It cannot be changed.",
		},
		"dns_domain": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(defaultDNSDomain), Validators: []validator.String{notEmpty},
			MarkdownDescription: "Domain of the services. Defaults to `" + defaultDNSDomain + "`. It cannot be changed.",
		},
		"certificate_sans": schema.SetAttribute{
			ElementType: types.StringType, Optional: true,
			Validators: []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(notEmpty)},
			MarkdownDescription: "Names and addresses in the API server's certificate (kubeadm calls them `certSANs`), beside those that kubeadm puts there: the node's " +
				"own, the service's, and the host of `control_plane_endpoint`.",
		},
	}
}

func componentAttributes() map[string]schema.Attribute {
	component := func(what string) schema.Attribute {
		return schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Settings of the " + what + ". Control planes get them one by one.",
			Attributes:          map[string]schema.Attribute{"extra_args": argumentsAttribute("Arguments beside kubeadm's own.")},
		}
	}
	document := func(kind, more string) schema.Attribute {
		return schema.StringAttribute{
			CustomType: jsontypes.NormalizedType{}, Optional: true,
			MarkdownDescription: "Fields of a `" + kind + "` that differ from the defaults, as JSON: `jsonencode({ … })`." + more,
		}
	}
	on := func(description string) schema.Attribute {
		return schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: description + " Defaults to `true`. It cannot be changed.",
		}
	}
	return map[string]schema.Attribute{
		"api_server":               component("API server"),
		"controller_manager":       component("controller manager"),
		"scheduler":                component("scheduler"),
		"kubelet_configuration":    document("KubeletConfiguration", ""),
		"kube_proxy_configuration": document("KubeProxyConfiguration", " They are used when the cluster is made; the running kube-proxy has them in ConfigMap `kube-proxy`."),
		"coredns":                  on("Whether kubeadm installs CoreDNS (kubeadm calls it `dns`)."),
		"kube_proxy":               on("Whether kubeadm installs kube-proxy (kubeadm calls it `proxy`). Some network plugins do its work."),
		"etcd": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Settings of etcd. Without it every control plane runs a member.",
			Attributes: map[string]schema.Attribute{
				"data_dir": schema.StringAttribute{
					Optional: true, Validators: []validator.String{notEmpty},
					MarkdownDescription: "Where the members keep their data. Defaults to `/var/lib/etcd`. It cannot be changed.",
				},
				"extra_args": argumentsAttribute("Arguments of the members beside kubeadm's own."),
				"snapshot_dir": schema.StringAttribute{
					Optional: true, Validators: []validator.String{absolutePath},
					MarkdownDescription: "Where control planes put the snapshots that are taken before upgrades and removals. Defaults to `/var/lib/onprem/etcd-snapshots`.",
				},
				"external": schema.SingleNestedAttribute{
					Optional:            true,
					MarkdownDescription: "An etcd that kubeadm does not run. It cannot be added or taken away later.",
					Attributes: map[string]schema.Attribute{
						"endpoints": schema.ListAttribute{
							ElementType: types.StringType, Required: true, Validators: []validator.List{listvalidator.SizeAtLeast(1)},
							MarkdownDescription: "Its members: `https://192.168.1.31:2379`.",
						},
						"ca_file":   schema.StringAttribute{Required: true, MarkdownDescription: "File on every control plane with the authority of its certificates."},
						"cert_file": schema.StringAttribute{Required: true, MarkdownDescription: "File on every control plane with the client certificate."},
						"key_file":  schema.StringAttribute{Required: true, MarkdownDescription: "File on every control plane with the client certificate's key."},
					},
				},
			},
		},
	}
}

func machineAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"image_repository": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(defaultRepository), Validators: []validator.String{notEmpty},
			MarkdownDescription: "Where the images of Kubernetes come from. Defaults to `" + defaultRepository + "`.",
		},
		"manage_packages": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether to install containerd, kubeadm and the kubelet. With `false` what is there is checked and must have the wanted version, " +
				"also before an upgrade. Defaults to `true`.",
		},
		"packages": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Where to install from. Defaults to the distribution's repository for containerd and to `pkgs.k8s.io` for Kubernetes.",
			Attributes: map[string]schema.Attribute{
				"archive": schema.StringAttribute{
					Optional: true, Validators: []validator.String{notEmpty, stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("repository"))},
					MarkdownDescription: "For sites without a network: a `.tar` or `.tar.gz` on the machine that runs Terraform, which is copied to each node. It holds " +
						"`bin/kubeadm`, `bin/kubelet`, `bin/kubectl`, and what else belongs into `/usr/local/bin`; `cni/` for `/opt/cni/bin`; `images/control-plane/*.tar` and " +
						"`images/node/*.tar`, images to import on control planes and on every node. containerd and conntrack must be there.",
				},
				"archive_sha256": schema.StringAttribute{
					Optional: true,
					Validators: []validator.String{
						stringvalidator.RegexMatches(regexp.MustCompile(`^[0-9a-f]{64}$`), "must be 64 hexadecimal digits"),
						stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName("archive")),
					},
					MarkdownDescription: "SHA-256 of the archive, which it must have.",
				},
				"repository": schema.StringAttribute{
					Optional: true, Validators: []validator.String{repositoryURL{}},
					MarkdownDescription: "The team's own package repository. `%s` in it stands for the minor version: `v1.34`.",
				},
				"repository_key": schema.StringAttribute{
					Optional:            true,
					Validators:          []validator.String{repositoryURL{}, stringvalidator.AlsoRequires(path.MatchRelative().AtParent().AtName("repository"))},
					MarkdownDescription: "Where the repository's signing key is.",
				},
			},
		},
		"ignore_preflight_errors": schema.SetAttribute{
			ElementType: types.StringType, Optional: true,
			Validators:          []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(notEmpty, stringvalidator.NoneOfCaseInsensitive("all"))},
			MarkdownDescription: "Checks of kubeadm that only warn when they fail: `NumCPU`. `all` is refused.",
		},
		"ssh": schema.SingleNestedAttribute{
			Optional: true,
			MarkdownDescription: "How to log in to the machines, where it differs from the provider's `ssh` block, which has the secrets. A user other than root needs " +
				"sudo.",
			Attributes: sshAttributes(),
		},
	}
}

func sshAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"user": schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "User to log in as."},
		"port": schema.Int64Attribute{Optional: true, Validators: []validator.Int64{portNumber}, MarkdownDescription: "Port of the SSH server. Defaults to the provider's, which is `22` unless it says otherwise."},
		"private_key_file": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notEmpty},
			MarkdownDescription: "File with the private key, on the machine that runs Terraform.",
		},
		"bastion": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "Machine to go through.",
			Attributes: map[string]schema.Attribute{
				"host":     schema.StringAttribute{Required: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "Its name or address."},
				"port":     schema.Int64Attribute{Optional: true, Validators: []validator.Int64{portNumber}, MarkdownDescription: "Port of its SSH server. Defaults to `22`."},
				"user":     schema.StringAttribute{Optional: true, Validators: []validator.String{notEmpty}, MarkdownDescription: "User to log in as there."},
				"host_key": hostKeyAttribute(),
				"private_key_file": schema.StringAttribute{
					Optional: true, Validators: []validator.String{notEmpty},
					MarkdownDescription: "File with the private key, on the machine that runs Terraform.",
				},
			},
		},
	}
}

func hostKeyAttribute() schema.Attribute {
	return schema.StringAttribute{
		Optional: true, Validators: []validator.String{notEmpty},
		MarkdownDescription: "Host key it must show: `ssh-ed25519 AAAA…` or `SHA256:…`. Without it the provider's `known_hosts_file` must know the machine; a key that " +
			"nobody vouched for is never accepted.",
	}
}

func workAttributes(ctx context.Context) map[string]schema.Attribute {
	duration := func(description string) schema.Attribute {
		return schema.StringAttribute{CustomType: semtype.DurationType{}, Optional: true, MarkdownDescription: description}
	}
	off := func(is bool, description string) schema.Attribute {
		return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(is), MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"upgrade": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How upgrades go.",
			Attributes: map[string]schema.Attribute{"worker_batch_size": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(1), Validators: []validator.Int64{int64validator.AtLeast(1)},
				MarkdownDescription: "How many workers are drained and upgraded at once. Defaults to `1`.",
			}},
		},
		"drain_timeout": duration("How long the pods of one node may take to leave; disruption budgets are respected. Defaults to `10m`."),
		"ready_timeout": duration("How long one node may take to become Ready. Defaults to `5m`."),
		"deletion_protection": off(true, "Whether to refuse to destroy the cluster. Defaults to `true`: set it to `false` and apply, then "+
			"destroy."),
		"store_kubeconfig": off(false, "Whether to keep `kubeconfig`, which holds the administrator's private key, in state. Defaults to `false`; the ephemeral resource "+
			"`onprem_kubernetes_kubeconfig` has it without storing it."),
		"progress_file": schema.StringAttribute{
			Optional: true, Validators: []validator.String{notEmpty},
			MarkdownDescription: "File that gets a line about each thing done, for `tail -f`: Terraform itself shows only that it is still at work. " +
				"`TF_LOG_PROVIDER=debug` logs the same.",
		},
		"timeouts": crud.Timeouts(ctx, timeouts.Opts{
			Create: true, Read: true, Update: true, Delete: true,
			CreateDescription: "Making the cluster. Defaults to `60m`.", ReadDescription: "Looking at all machines. Defaults to `5m`.",
			UpdateDescription: "All changes of one apply. Defaults to `3h`.", DeleteDescription: "Taking the cluster apart. Defaults to `30m`.",
		}),
	}
}

func computedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"node_actions": schema.MapAttribute{
			ElementType: types.StringType, Computed: true,
			MarkdownDescription: "What the plan does to each node: `drain, upgrade 1.34.4 to 1.34.5, uncordon`. Empty when there is nothing to do.",
		},
		"node_status": schema.MapNestedAttribute{
			Computed:            true,
			MarkdownDescription: "What was last seen of each node.",
			NestedObject:        schema.NestedAttributeObject{Attributes: statusAttributes()},
		},
		"ca_certificate": schema.StringAttribute{Computed: true, MarkdownDescription: "Certificate of the cluster's authority, in PEM form."},
		"ca_hash": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "SHA-256 of its public key, as `kubeadm join` takes it: `sha256:…` (kubeadm calls it `caCertHashes`). A machine with another authority is never touched.",
		},
		"certificates_expire_at": schema.StringAttribute{
			CustomType: timetypes.RFC3339Type{}, Computed: true,
			MarkdownDescription: "When the first of the control planes' certificates ends. Upgrades renew them; there is a warning 30 days before.",
		},
		"kubeconfig": schema.StringAttribute{
			Computed: true, Sensitive: true,
			MarkdownDescription: "The administrator's kubeconfig; null unless `store_kubeconfig` is set.",
		},
	}
}

func statusAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"role":        text("`control-plane` or `worker`."),
		"address":     text("The node's address in the cluster."),
		"version":     text("Version of its kubelet."),
		"ready":       schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it is Ready."},
		"etcd_member": text("`healthy`, `unhealthy` or `learner`; null when it has no etcd."),
		"certificates_expire_at": schema.StringAttribute{
			CustomType: timetypes.RFC3339Type{}, Computed: true, MarkdownDescription: "When the first of its certificates ends; null on workers.",
		},
		"problem": text("Why it is not Ready, or could not be reached; null when all is well."),
	}
}
