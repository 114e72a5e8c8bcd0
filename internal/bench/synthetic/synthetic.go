// Package synthetic writes platforms of any size, to measure with: like the one
// in examples/generator, with the same components in every site, and nothing
// that a rule would find fault with.
package synthetic

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"text/template"
)

// Components are the components that every site has.
var Components = []string{"network", "load-balancer", "registry", "access-portal", "gateway", "internal-gateway"}

// Platform is how large a platform is. Addresses last for 256 sites.
type Platform struct {
	Environments int
	Sites        int // of each environment
	// Extended gives the first environment one site more.
	Extended bool
}

// Units is the number of units.
func (p Platform) Units() int {
	sites := p.Environments * p.Sites
	if p.Extended {
		sites++
	}
	return sites * len(Components)
}

// Files are the platform's files by name.
func (p Platform) Files() map[string][]byte {
	return map[string][]byte{
		"platform.hcl":            execute("platform.hcl", p),
		"components.platform.hcl": execute("components.hcl", p),
	}
}

// Stacks are the files of Terragrunt stacks for the same units, by path: a
// stack for each site, and the units they are made of.
func (p Platform) Stacks() map[string][]byte {
	files := map[string][]byte{"root.hcl": nil}
	for _, name := range Components {
		files[path.Join("catalog", name, "terragrunt.hcl")] = execute("unit.hcl", name)
	}
	for _, env := range p.List() {
		for _, site := range env.Sites {
			files[path.Join("live", env.Name, site.Name, "terragrunt.stack.hcl")] = execute("stack.hcl", site)
		}
	}
	return files
}

// Environment is an environment, as templates know it.
type Environment struct {
	Name  string
	Sites []Site
}

// Site is a site. Its number is its own on the whole platform, and its
// neighbours are the sites that it peers with.
type Site struct {
	Env, Name  string
	Number     int
	Neighbours []Site
}

// Components are those that the site has.
func (s Site) Components() []string { return Components }

// ASNumber is that of the nodes.
func (s Site) ASNumber() int { return 4_200_000_000 + s.Number }

// SwitchAS is the AS number of the switches above them.
func (s Site) SwitchAS() int { return 4_210_000_000 + s.Number }

// Pods is the network of the pods.
func (s Site) Pods() string { return fmt.Sprintf("10.%d.0.0/16", s.Number) }

// Services is the network of cluster IPs.
func (s Site) Services() string { return fmt.Sprintf("172.%d.%d.0/20", 16+s.Number/16, s.Number%16*16) }

// Gateway is the address that other sites peer with.
func (s Site) Gateway() string { return fmt.Sprintf("100.64.%d.1", s.Number) }

// Node is an address on the network of the nodes, by its last part.
func (s Site) Node(last int) string { return fmt.Sprintf("192.168.%d.%d", s.Number, last) }

// List gives the environments. Their sites are in a row, and each peers with
// those beside it.
func (p Platform) List() []Environment {
	list := make([]Environment, p.Environments)
	for i := range list {
		env := &list[i]
		env.Name = fmt.Sprintf("env-%02d", i+1)
		for j := range p.Sites {
			env.Sites = append(env.Sites, Site{Env: env.Name, Name: fmt.Sprintf("site-%d", j+1), Number: i*p.Sites + j})
		}
		row := env.Sites
		for j := range row {
			for _, k := range []int{j - 1, j + 1} {
				if k >= 0 && k < len(row) {
					row[j].Neighbours = append(row[j].Neighbours, row[k])
				}
			}
		}
	}
	if p.Extended {
		list[0].Sites = append(list[0].Sites, Site{Env: list[0].Name, Name: "site-new", Number: p.Environments * p.Sites})
	}
	return list
}

// Differing are the environments that components have overrides for: every
// fifth, as production among its tests.
func (p Platform) Differing() []Environment {
	var list []Environment
	for i, env := range p.List() {
		if i%5 == 4 {
			list = append(list, env)
		}
	}
	return list
}

//go:embed templates
var files embed.FS

// The delimiters are not those of Go, since HCL is full of braces.
var templates = template.Must(template.New("").Delims("<%", "%>").ParseFS(files, "templates/*"))

func execute(name string, data any) []byte {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		panic(fmt.Sprintf("template %s: %v", name, err)) // it is ours
	}
	return b.Bytes()
}
