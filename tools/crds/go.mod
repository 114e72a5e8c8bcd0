module github.com/onprem-tools/terraform-provider-onprem/tools/crds

go 1.26.0

// Read, not imported: KubeVirt publishes its CRD schemas only as Go source.
require kubevirt.io/kubevirt v1.7.0
