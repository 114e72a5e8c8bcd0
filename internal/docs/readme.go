package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// The README's table and the versions in the index stand between these marks.
const (
	tableBegins = "<!-- what there is: written by make generate -->\n"
	tableEnds   = "<!-- end of what there is -->\n"

	testedBegins = "<!-- what is tested: written by make generate -->\n"
	testedEnds   = "<!-- end of what is tested -->\n"
)

// systems are the rows of the table: the word in type names, the title, and the
// versions that are tested. No other page says which.
var systems = []struct{ name, title, versions string }{
	{"kubernetes", "Kubernetes", "1.31+ (kubeadm)"},
	{"calico", "Calico", "3.28+"},
	{"metallb", "MetalLB", "0.15"},
	{"kubevirt", "KubeVirt", ""},
	{"harbor", "Harbor", "2.13, 2.15"},
	{"guacamole", "Guacamole", "1.5, 1.6"},
	{"kong", "Kong", "3.9"},
}

// writeTable writes the table of a README anew.
func writeTable(file string, all *tfjson.ProviderSchema) error {
	rows, err := table(all)
	if err != nil {
		return err
	}
	return writeBetween(file, tableBegins, rows, tableEnds)
}

// writeTested writes into the index what the systems' versions are.
func writeTested(file string) error {
	var with []string
	for _, s := range systems {
		if s.versions != "" {
			with = append(with, s.title+" "+s.versions)
		}
	}
	return writeBetween(file, testedBegins, "Tested with "+strings.Join(with, "; ")+".\n", testedEnds)
}

// writeBetween writes what stands between two lines of a file anew.
func writeBetween(file, begin, between, end string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for what is generated: the lines %q and %q", file, begin, end)
	}
	return os.WriteFile(file, []byte(before+begin+between+end+after), 0o644)
}

func table(all *tfjson.ProviderSchema) (string, error) {
	besides := []struct {
		what, folder string
		names        []string
	}{
		{"data source", "data-sources", others(all.DataSourceSchemas, all.ResourceSchemas)},
		{"ephemeral resource", "ephemeral-resources", slices.Sorted(maps.Keys(all.EphemeralResourceSchemas))},
		{"action", "actions", slices.Sorted(maps.Keys(all.ActionSchemas))},
	}
	resources := slices.Sorted(maps.Keys(all.ResourceSchemas))
	left := len(resources)
	for _, b := range besides {
		left += len(b.names)
	}

	rows := "| System | Resources | Besides |\n| --- | --- | --- |\n"
	for _, s := range systems {
		own := links(s.name, "resources", resources)
		left -= len(own)
		var more []string
		for _, b := range besides {
			found := links(s.name, b.folder, b.names)
			left -= len(found)
			switch len(found) {
			case 0:
			case 1:
				more = append(more, b.what+" "+found[0])
			default:
				more = append(more, b.what+"s "+strings.Join(found, ", "))
			}
		}
		rows += fmt.Sprintf("| %s | %s | %s |\n", strings.TrimSpace(s.title+" "+s.versions), strings.Join(own, ", "), strings.Join(more, "; "))
	}
	if left > 0 {
		return "", fmt.Errorf("the table lacks %d entities: add their system to internal/docs/readme.go", left)
	}
	return rows, nil
}

// links are those to the pages of a system.
func links(system, folder string, names []string) []string {
	var found []string
	for _, name := range names {
		if short := strings.TrimPrefix(name, "onprem_"); strings.HasPrefix(short, system+"_") {
			found = append(found, fmt.Sprintf("[`%s`](docs/%s/%s.md)", short, folder, short))
		}
	}
	return found
}

// others are the data sources that are not of one object of a resource, or of all.
func others(dataSources, resources map[string]*tfjson.Schema) []string {
	rest := maps.Clone(dataSources)
	for name := range resources {
		delete(rest, name)
		delete(rest, crud.Plural(name))
	}
	return slices.Sorted(maps.Keys(rest))
}
