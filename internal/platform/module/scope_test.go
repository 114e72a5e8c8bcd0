package module_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
)

func TestOutputTypes(t *testing.T) {
	t.Parallel()
	const declarations = `
variable "name" {
  type     = string
  nullable = false
}
variable "any" {}
variable "pools" {
  type = map(object({ cidr = string, size = optional(number) }))
}
variable "names" {
  type = list(string)
}
locals {
  pools   = var.pools
  prefix  = "${var.name}-x"
  circle  = [local.circle]
  cluster = { name = var.name, id = onprem_thing.this.id }
}
`
	for expression, want := range map[string]string{
		`"text"`:                          `string`,
		`"${onprem_thing.this.id}-x"`:     `string`,
		`12`:                              `number`,
		`null`:                            `any`,
		`var.name`:                        `string`,
		`var.any`:                         `any`,
		`var.pools`:                       `map(object({cidr=string,size=number}))`,
		`var.pools["pods"].size`:          `number`,
		`var.gone`:                        `any`,
		`local.prefix`:                    `string`,
		`local.pools`:                     `map(object({cidr=string,size=number}))`,
		`local.circle`:                    `tuple([any])`,
		`local.gone`:                      `any`,
		`local.cluster`:                   `object({id=any,name=string})`,
		`local`:                           `any`,
		`{ id = local.cluster.name }`:     `object({id=string})`,
		`onprem_thing.this.id`:            `any`,
		`data.onprem_thing.this[0]`:       `any`,
		`module.other`:                    `any`,
		`tostring(onprem_thing.this.id)`:  `string`,
		`length(onprem_thing.this)`:       `number`,
		`cidrhost("10.0.0.0/8", 1)`:       `string`,
		`keys(var.pools)`:                 `list(string)`,
		`onprem_thing.this.id == "x"`:     `bool`,
		`var.name == "" ? "a" : var.name`: `string`,
		`try(onprem_thing.this.id, "x")`:  `any`,
		`can(onprem_thing.this.id)`:       `bool`,
		`path.module`:                     `string`,
		`terraform.workspace`:             `string`,
		`sensitive(var.name)`:             `string`,
		`file("x")`:                       `any`,
		`cidrhost()`:                      `any`,

		`{ for k, v in var.pools : k => v.cidr }`:                               `map(string)`,
		`({ for k, v in var.pools : k => v })`:                                  `map(object({cidr=string,size=number}))`,
		`[for v in var.pools : v.size if v.size != null]`:                       `list(number)`,
		`[for i, v in var.names : { n = i, name = v }]`:                         `list(object({n=number,name=string}))`,
		`[for v in toset(var.names) : v]`:                                       `list(any)`,
		`{ for k, v in onprem_thing.this : k => v.id }`:                         `map(any)`,
		`{ for k, v in onprem_thing.this : k => { id = v.id } }`:                `map(object({id=any}))`,
		`{ for k, v in var.pools : v.cidr => k... }`:                            `any`,
		`{ a = { for k, v in var.pools : k => v } }`:                            `object({a=any})`,
		`[for a in [1] : [for b in [1] : [for c in [1] : [for d in [1] : 1]]]]`: `any`,
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			m := read(t, map[string]string{
				"main.tf":   declarations,
				"output.tf": "output \"it\" {\n  value = " + expression + "\n}\n",
			})
			if got := typeexpr.TypeString(m.Outputs["it"].Type); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"outputs.tf": `
output "token" {
  description = "Token of the robot."
  value       = "x"
  sensitive   = true
  ephemeral   = true
}
output "nothing" {}
`})
	o := m.Outputs["token"]
	if o.Name != "token" || o.Description != "Token of the robot." || !o.Sensitive || !o.Ephemeral || o.Range.Start.Line != 2 {
		t.Errorf("got %+v", o)
	}
	if got := m.Outputs["nothing"].Type; got != cty.DynamicPseudoType {
		t.Errorf("an output without a value has type %#v", got)
	}
}

// Each of these would take hours, or all memory, if it were computed.
func TestInferenceIsQuick(t *testing.T) {
	t.Parallel()
	var strings60, tuples60, chain strings.Builder
	for i := range 60 {
		fmt.Fprintf(&strings60, "  a%d = \"${local.a%d}${local.a%d}\"\n", i, i+1, i+1)
		fmt.Fprintf(&tuples60, "  a%d = [local.a%d, local.a%d]\n", i, i+1, i+1)
	}
	for i := range 20_000 {
		fmt.Fprintf(&chain, "  a%d = local.a%d\n", i, i+1)
	}
	for name, text := range map[string]string{
		"strings that double": "locals {\n" + strings60.String() + "  a60 = \"x\"\n}\noutput \"it\" {\n  value = local.a0\n}",
		"tuples that double":  "locals {\n" + tuples60.String() + "  a60 = \"x\"\n}\noutput \"it\" {\n  value = local.a0\n}",
		"a chain of locals":   "locals {\n" + chain.String() + "  a20000 = \"x\"\n}\noutput \"it\" {\n  value = local.a0\n}",
		"loops in loops":      "output \"it\" {\n  value = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : [for d in range(1000) : d]]]]\n}",
		"wide sets":           "output \"it\" {\n  value = setproduct(range(1000), range(1000), range(1000))\n}",
		"long texts":          "output \"it\" {\n  value = format(\"%999999999s\", \"x\")\n}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			read(t, map[string]string{"main.tf": text})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
