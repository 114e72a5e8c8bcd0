package crud

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Kind is all that Terraform can use of one kind of object.
type Kind struct {
	Resource func() resource.Resource       // nil for what is only read
	Data     []func() datasource.DataSource // of one object, and of all
	List     func() list.ListResource       // nil where objects cannot be listed
}

// Kind is the resource that s describes with the given data sources, and what
// follows from Spec.List.
func (s Spec[M, C]) Kind(data ...func() datasource.DataSource) Kind {
	k := Kind{Resource: New(s), Data: data}
	if s.List != nil {
		k.List = NewList(s)
		k.Data = append(k.Data, NewPluralData(s))
	}
	return k
}

// Plural is a type name for many: "harbor_replication_policies".
func Plural(name string) string {
	if before, ok := strings.CutSuffix(name, "y"); ok {
		return before + "ies"
	}
	if strings.HasSuffix(name, "s") || strings.HasSuffix(name, "x") {
		return name + "es"
	}
	return name + "s"
}
