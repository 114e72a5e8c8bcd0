package object

import (
	"fmt"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
)

// rights is the rule that lets an account manage objects of a kind.
func rights(kind kube.Kind) string {
	role := "a ClusterRole"
	if kind.Namespaced {
		role = "a ClusterRole, or in a Role of the object's namespace"
	}
	return fmt.Sprintf("The account in the provider's `kubernetes` block needs this rule in %s. Without `list`, each object is read by itself.\n\n"+
		"```yaml\nrules:\n  - apiGroups: [%s]\n    resources: [%s]\n    verbs: [%s]\n```",
		role, kind.Group, kind.Resource, strings.Join(kube.Verbs(), ", "))
}
