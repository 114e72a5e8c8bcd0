package tree

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

//go:embed templates
var templateFiles embed.FS

// templates have delimiters of their own, since workflows are full of braces.
// They are parsed when a tree is made: this program starts as a provider, too.
var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Delims("<%", "%>").Option("missingkey=error").
		Funcs(template.FuncMap{"join": strings.Join, "upper": strings.ToUpper, "yaml": yamlString}).
		ParseFS(templateFiles, "templates/*.md", "templates/*.yml", "templates/*.tmpl", "templates/gitignore", "templates/codeowners"))
})

// extras writes what surrounds the units.
func (t *tree) extras() {
	t.template(".gitignore", "gitignore", t)
	t.template("README.md", "README.md", readme{t})
	if t.owned() {
		t.template(".github/CODEOWNERS", "codeowners", t)
	}
	if t.hasWorkflows() {
		t.workflows()
	}
}

// template writes a file of the tree from one of the templates.
func (t *tree) template(name, from string, data any) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, from, data); err != nil {
		panic(fmt.Sprintf("template %s: %v", from, err)) // it is ours
	}
	t.files[name] = b.Bytes()
}

// owned reports whether anybody is said to approve changes.
func (t *tree) owned() bool {
	return len(t.Owners) > 0 || slices.ContainsFunc(t.Environments, func(e *platform.Environment) bool { return len(e.Owners) > 0 })
}

// places are the folders that units are in: what belongs to no environment,
// since the others may depend on it, and the environments.
func (t *tree) places() []string {
	var names []string
	for _, u := range t.Units {
		names = append(names, place(u))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if i := slices.Index(names, platform.PlatformFolder); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, platform.PlatformFolder)
	}
	return names
}

// place is the folder at the top of the tree that a unit is in.
func place(u *platform.Unit) string {
	name, _, _ := strings.Cut(u.Path(), "/")
	return name
}

// automatic are the places that are applied on merge.
func (t *tree) automatic() []string { return slices.DeleteFunc(t.places(), t.isProtected) }

// isProtected reports whether a person applies a place. What belongs to no
// environment reaches into all, so it is as protected as the most protected.
func (t *tree) isProtected(place string) bool {
	return slices.ContainsFunc(t.Environments, func(e *platform.Environment) bool {
		return e.Protected && (e.Name == place || place == platform.PlatformFolder)
	})
}

// yamlString is a text as a scalar of YAML that can be nothing else.
func yamlString(text string) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b) // a string of JSON is one of YAML
	e.SetEscapeHTML(false)
	err := e.Encode(text)
	return strings.TrimSpace(b.String()), err
}
