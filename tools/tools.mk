# Programs that are built, not committed: what they are and from which version is in tools/build and the go.mod of
# each folder here. Included by the GNUmakefile.

# What machines run (internal/nodelab): Kubernetes, and the next patch release of it to upgrade to.
KUBERNETES      := kubeadm kubelet kube-apiserver kube-controller-manager kube-scheduler
KUBERNETES_NEXT := v1.34.5
NODES           := $(KUBERNETES) $(addsuffix @$(KUBERNETES_NEXT),$(KUBERNETES)) etcd pause kubevip

TOOLS := etcd kube-apiserver calico-apiserver metallb-controller tofu terraform-1.14 terragrunt tfplugindocs golangci-lint actionlint changie \
           goreleaser syft govulncheck

.PHONY: tools-test tools-nodes tools-tofu tools-terraform-1.14 tools-terragrunt tools-docs tools-lint tools-changelog tools-release tools-vuln
tools-test: $(addprefix .tools/bin/,etcd kube-apiserver calico-apiserver metallb-controller) .tools/crds
# tools/build knows what is built already. Needs root and debootstrap.
tools-nodes:
	@tools/build $(NODES) rootfs archive archive@$(KUBERNETES_NEXT)
tools-tofu: .tools/bin/tofu
tools-terraform-1.14: .tools/bin/terraform-1.14
tools-terragrunt: .tools/bin/terragrunt
tools-docs: .tools/bin/tfplugindocs
tools-lint: $(addprefix .tools/bin/,golangci-lint actionlint)
tools-changelog: .tools/bin/changie
tools-release: $(addprefix .tools/bin/,goreleaser syft)
tools-vuln: .tools/bin/govulncheck

.tools/bin/etcd: $(wildcard tools/etcd/go.*)
.tools/bin/kube-apiserver: $(wildcard tools/kubernetes/go.*)
.tools/bin/calico-apiserver: $(wildcard tools/calico/go.*)
.tools/bin/metallb-controller: $(wildcard tools/metallb/go.*)
.tools/crds: $(wildcard tools/crds/*.go tools/crds/go.* tools/calico/go.* tools/metallb/go.*)
.tools/bin/tofu: $(wildcard tools/opentofu/go.*)
.tools/bin/terraform-1.14: $(wildcard tools/terraform/go.*)
.tools/bin/terragrunt: $(wildcard tools/terragrunt/go.*)
.tools/bin/tfplugindocs: $(wildcard tools/docs/go.*)
.tools/bin/golangci-lint: $(wildcard tools/lint/go.*)
.tools/bin/actionlint: $(wildcard tools/actionlint/go.*)
.tools/bin/changie: $(wildcard tools/changelog/go.*)
.tools/bin/goreleaser: $(wildcard tools/goreleaser/go.*)
.tools/bin/syft: $(wildcard tools/syft/go.*)
.tools/bin/govulncheck: $(wildcard tools/vuln/go.*)

$(addprefix .tools/bin/,$(TOOLS)) .tools/crds: tools/build
	@tools/build $(@F)

.PHONY: nodes
nodes: tools-nodes ## Boot machines to try the cluster resource on, until Ctrl-C (NODESFLAGS="-n 4")
	@go run ./internal/nodelab/nodes $(NODESFLAGS)
