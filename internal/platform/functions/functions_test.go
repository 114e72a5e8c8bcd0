package functions_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// refused is what a case wants whose expression is an error.
const refused = "refused"

// cases are expressions and the JSON of their results. The same table goes
// through our functions here, and through the real tools in tools_test.go.
var cases = []struct{ expression, want string }{
	// Numbers.
	{`abs(-12.5)`, `12.5`},
	{`ceil(5.1)`, `6`},
	{`ceil(-5.1)`, `-5`},
	{`floor(-5.1)`, `-6`},
	{`log(16, 2)`, `4`},
	{`log(-1, 2)`, refused},
	{`max(3, -7, 12)`, `12`},
	{`max([3, 12]...)`, `12`},
	{`min(3, -7, 12)`, `-7`},
	{`min()`, refused},
	{`parseint("ff", 16)`, `255`},
	{`parseint("-0101", 2)`, `-5`},
	{`parseint("12x", 10)`, refused},
	{`parseint(12, 10)`, refused},
	{`pow(2, 10)`, `1024`},
	{`pow(2, -1)`, `0.5`},
	{`pow(-1, 0.5)`, refused},
	{`signum(-344)`, `-1`},
	{`signum(0)`, `0`},
	{`sum([1, 2.5, -3])`, `0.5`},
	{`sum(toset([1, 2]))`, `3`},
	{`sum([])`, refused},
	{`sum([1, null])`, refused},
	{`sum(["a", "b"])`, refused},
	{`1 / 4 * 3`, `0.75`},
	{`format("%.3f", 1 / 3)`, `"0.333"`},

	// Strings.
	{`basename("stage/seoul/network")`, `"network"`},
	{`basename("")`, `"."`},
	{`basename("/")`, `"/"`},
	{`chomp("line\r\n\n")`, `"line"`},
	{`dirname("stage/seoul/network")`, `"stage/seoul"`},
	{`dirname("network")`, `"."`},
	{`endswith("harbor.example.com", ".com")`, `true`},
	{`endswith("harbor.example.com", ".org")`, `false`},
	{`startswith("10.64.0.0/16", "10.")`, `true`},
	{`startswith("10.64.0.0/16", "")`, `true`},
	{`startswith("10.64.0.0/16")`, refused},
	{`startswith(null, "10.")`, refused},
	{`strcontains("harbor.example.com", "example")`, `true`},
	{`strcontains("harbor.example.com", "Example")`, `false`},
	{`format("%s-%02d", "node", 7)`, `"node-07"`},
	{`format("%d", 1234567890123)`, `"1234567890123"`},
	{`format("%d", 1.5)`, refused},
	{`format("%v %v %v", 1, 1.50, true)`, `"1 1.5 true"`},
	{`format("%v", [1, "a"])`, `"[1,\"a\"]"`},
	{`format("%#v", "a")`, `"\"a\""`},
	{`format("%q %5.1f %x %08b %t %%", "a", 3.14159, 255, 5, true)`, `"\"a\"   3.1 ff 00000101 true %"`},
	{`format("%s")`, refused},
	{`format("%s", "a", "b")`, refused},
	{`formatlist("%s.%s", ["a", "b"], "example.com")`, `["a.example.com","b.example.com"]`},
	{`formatlist("%s%s", ["a"], ["b", "c"])`, refused},
	{`indent(2, "a\nb\n")`, `"a\n  b\n  "`},
	{`join(",", ["a", "b"], ["c"])`, `"a,b,c"`},
	{`join(",", [])`, `""`},
	{`join(",", ["a", null])`, refused},
	{`lower("Seoul Ä")`, `"seoul ä"`},
	{`upper("Seoul ä")`, `"SEOUL Ä"`},
	{`title("hello kubernetes world")`, `"Hello Kubernetes World"`},
	{`regex("([a-z]+)-(\\d+)", "node-12")`, `["node","12"]`},
	{`regex("(?P<name>[a-z]+)-(?P<number>\\d+)", "node-12")`, `{"name":"node","number":"12"}`},
	{`regex("[a-z]+", "node-12")`, `"node"`},
	{`regex("x", "node-12")`, refused},
	{`regexall("\\d", "a1b2")`, `["1","2"]`},
	{`length(regexall("x", "a1b2"))`, `0`},
	{`replace("a.b.c", ".", "-")`, `"a-b-c"`},
	{`replace("a1b22", "/\\d+/", "#")`, `"a#b#"`},
	{`replace("hello", "/(l+)/", "[$1]")`, `"he[ll]o"`},
	{`replace("a/b", "/", "-")`, `"a-b"`},
	{`replace("a", "/(/", "")`, refused},
	{`split(",", "a,b,,c")`, `["a","b","","c"]`},
	{`split(",", "")`, `[""]`},
	{`strrev("seoul")`, `"luoes"`},
	{`substr("kubernetes", 0, 4)`, `"kube"`},
	{`substr("kubernetes", -3, -1)`, `"tes"`},
	{`trim("?!hello?!", "!?")`, `"hello"`},
	{`trimprefix("as64512", "as")`, `"64512"`},
	{`trimspace("  a b\n")`, `"a b"`},
	{`trimsuffix("a.example.com", ".example.com")`, `"a"`},

	// Collections.
	{`alltrue([true, "true"])`, `true`},
	{`alltrue([])`, `true`},
	{`alltrue([true, null])`, `false`},
	{`anytrue([false, true])`, `true`},
	{`anytrue([])`, `false`},
	{`anytrue([null])`, `false`},
	{`chunklist(["a", "b", "c"], 2)`, `[["a","b"],["c"]]`},
	{`chunklist(["a"], 0)`, `[["a"]]`},
	{`coalesce("", null, "b", "c")`, `"b"`},
	{`coalesce(null, 1, "2")`, `"1"`},
	{`coalesce("", null)`, refused},
	{`coalesce([], ["a"])`, `[]`},
	{`coalescelist([], ["a"], ["b"])`, `["a"]`},
	{`coalescelist([], [])`, refused},
	{`compact(["a", "", null, "b"])`, `["a","b"]`},
	{`concat(["a"], [1, true], [])`, `["a",1,true]`},
	{`concat()`, refused},
	{`contains(["a", "b"], "b")`, `true`},
	{`contains(["1"], 1)`, `false`},
	{`contains(toset([1, 2]), 3)`, `false`},
	{`distinct(["a", "b", "a"])`, `["a","b"]`},
	{`element(["a", "b", "c"], 4)`, `"b"`},
	{`element([], 0)`, refused},
	{`flatten([["a", ["b"]], [], "c", [null]])`, `["a","b","c",null]`},
	{`index(["a", "b"], "b")`, `1`},
	{`index(["a", "b"], "c")`, refused},
	{`index([], "c")`, refused},
	{`index("abc", "c")`, refused},
	{`keys({ b = 1, a = 2 })`, `["a","b"]`},
	{`length("한국")`, `2`},
	{`length("")`, `0`},
	{`length(["a", null])`, `2`},
	{`length({ a = 1 })`, `1`},
	{`length(tomap({ a = 1, b = 2 }))`, `2`},
	{`length(toset(["a", "a"]))`, `1`},
	{`length(12)`, refused},
	{`length(null)`, refused},
	{`lookup({ a = 1, b = "x" }, "b")`, `"x"`},
	{`lookup({ a = 1 }, "b", "none")`, `"none"`},
	{`lookup({ a = 1 }, "b", null)`, `null`},
	{`lookup(tomap({ a = "x" }), "b", 2)`, `"2"`},
	{`lookup(tomap({ a = "x" }), "a", "y")`, `"x"`},
	{`lookup(tomap({ a = 1 }), "a", "y")`, refused},
	{`lookup({ a = 1 }, "b")`, refused},
	{`lookup(tomap({ a = 1 }), "b")`, refused},
	{`lookup({ a = 1 }, "a", 1, 2)`, refused},
	{`lookup(["a"], "a")`, refused},
	{`matchkeys(["a", "b", "c"], [1, 2, 1], [1])`, `["a","c"]`},
	{`matchkeys(["a", "b"], ["x", "y"], ["z"])`, `[]`},
	{`matchkeys(["a", "b"], ["x"], ["x"])`, refused},
	{`merge({ a = 1, b = 2 }, { b = "x" }, { c = [true] })`, `{"a":1,"b":"x","c":[true]}`},
	{`merge({ a = { x = 1 } }, { a = { y = 2 } })`, `{"a":{"y":2}}`},
	{`merge(tomap({ a = "1" }), tomap({ b = "2" }))`, `{"a":"1","b":"2"}`},
	{`merge(tomap({ a = "1" }), { b = 2 })`, `{"a":"1","b":2}`},
	{`merge(null, { a = 1 })`, `{"a":1}`},
	{`merge()`, `{}`},
	{`merge({}, "a")`, refused},
	{`one([])`, `null`},
	{`one(["a"])`, `"a"`},
	{`one(toset(["a"]))`, `"a"`},
	{`one(["a", "b"])`, refused},
	{`one(toset(["a", "b"]))`, refused},
	{`one("a")`, refused},
	{`range(3)`, `[0,1,2]`},
	{`range(1, 10, 4)`, `[1,5,9]`},
	{`range(3, 0, -1)`, `[3,2,1]`},
	{`range(2000)`, refused},
	{`reverse([1, "a"])`, `["a",1]`},
	{`setintersection(["a", "b"], ["b", "c"])`, `["b"]`},
	{`setproduct(["a", "b"], [1, 2])`, `[["a",1],["a",2],["b",1],["b",2]]`},
	{`setsubtract(["a", "b"], ["b"])`, `["a"]`},
	{`setunion(["b"], ["a", "b"])`, `["a","b"]`},
	{`slice(["a", "b", "c"], 1, 3)`, `["b","c"]`},
	{`slice(["a"], 0, 2)`, refused},
	{`sort(["b", "a", "10", "9"])`, `["10","9","a","b"]`},
	{`transpose({ a = ["1", "2"], b = ["2"] })`, `{"1":["a"],"2":["a","b"]}`},
	{`transpose({})`, `{}`},
	{`values({ b = 1, a = "x" })`, `["x",1]`},
	{`zipmap(["a", "b"], [1, "x"])`, `{"a":1,"b":"x"}`},
	{`zipmap(["a"], [1, 2])`, refused},

	// Encodings and hashes.
	{`base64decode("T3N0YsOkcg==")`, `"Ostbär"`},
	{`base64decode("not base64")`, refused},
	{`base64decode("/w==")`, refused},
	{`base64encode("Ostbär")`, `"T3N0YsOkcg=="`},
	{`base64sha256("a")`, `"ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="`},
	{`base64sha512("a")`, `"H0D8ktokFpR1CXnubPWC8tXX0o4YM13gWrxU0FYOD1MChgxlK/CNVgJSql50IQVG82n7u86MEs/HlXsmUv6adQ=="`},
	{`csvdecode("name,as\nseoul,64512\ntokyo,64513")`, `[{"as":"64512","name":"seoul"},{"as":"64513","name":"tokyo"}]`},
	{`csvdecode("a,a\n1,2")`, refused},
	{`jsondecode("{\"a\": [1, 2.50, null, true]}")`, `{"a":[1,2.5,null,true]}`},
	{`jsondecode("{")`, refused},
	{`jsonencode({ b = [1, null], a = "<&>" })`, `"{\"a\":\"\\u003c\\u0026\\u003e\",\"b\":[1,null]}"`},
	{`md5("a")`, `"0cc175b9c0f1b6a831c399e269772661"`},
	{`sha1("a")`, `"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"`},
	{`sha256("a")`, `"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"`},
	{`substr(sha512("a"), 0, 16)`, `"1f40fc92da241694"`},
	{`textdecodebase64("SABpAA==", "UTF-16LE")`, `"Hi"`},
	{`textdecodebase64("SABpAA==", "no-such")`, refused},
	{`textdecodebase64("/w==", "UTF-8")`, refused},
	{`textencodebase64("Hi", "UTF-16LE")`, `"SABpAA=="`},
	{`textencodebase64("한", "ISO-8859-1")`, refused},
	{`urlencode("a b/c?d=ä&e")`, `"a+b%2Fc%3Fd%3D%C3%A4%26e"`},
	{`uuidv5("dns", "www.example.com")`, `"2ed6657d-e927-568b-95e1-2665a8aea6a2"`},
	{`uuidv5("2ed6657d-e927-568b-95e1-2665a8aea6a2", "a")`, `"229da511-a8d9-5d5a-bf79-e6b1dedc12ff"`},
	{`uuidv5("nowhere", "a")`, refused},
	{`yamldecode("a: [1, two, null, true]\nb: {c: 1.5}")`, `{"a":[1,"two",null,true],"b":{"c":1.5}}`},
	{`yamldecode("a: [")`, refused},
	{`yamlencode({ b = [1, "x"], a = "yes", c = null })`, `"\"a\": \"yes\"\n\"b\":\n- 1\n- \"x\"\n\"c\": null\n"`},

	// Dates.
	{`formatdate("DD MMM YYYY hh:mm ZZZ", "2026-01-02T23:12:01Z")`, `"02 Jan 2026 23:12 UTC"`},
	{`formatdate("YYYY", "yesterday")`, refused},
	{`timeadd("2026-02-28T00:00:00Z", "24h10m")`, `"2026-03-01T00:10:00Z"`},
	{`timeadd("2026-02-28T00:00:00Z", "1 day")`, refused},
	{`timecmp("2026-02-28T00:00:00Z", "2026-02-28T01:00:00+01:00")`, `0`},
	{`timecmp("2026-02-28T00:00:00Z", "2026-02-28T00:00:01Z")`, `-1`},
	{`timecmp("2026-02-28T00:00:01Z", "2026-02-28T00:00:00Z")`, `1`},
	{`timecmp("2026-02-28", "2026-02-28T00:00:00Z")`, refused},

	// Networks.
	{`cidrhost("10.64.0.0/16", 260)`, `"10.64.1.4"`},
	{`cidrhost("10.64.0.0/16", -2)`, `"10.64.255.254"`},
	{`cidrhost("10.64.0.0/30", 4)`, refused},
	{`cidrhost("10.64.0.0/16", 1.5)`, refused},
	{`cidrhost("fd00:10:64::/64", 4294967296)`, `"fd00:10:64::1:0:0"`},
	{`cidrhost("fd00:10:64::/48", pow(2, 70))`, `"fd00:10:64:40::"`},
	{`cidrhost("10.64.0.1", 1)`, refused},
	{`cidrnetmask("10.64.0.0/12")`, `"255.240.0.0"`},
	{`cidrnetmask("10.64.0.0")`, refused},
	{`cidrsubnet("10.64.0.0/12", 4, 2)`, `"10.66.0.0/16"`},
	{`cidrsubnet("10.64.7.9/12", 4, 2)`, `"10.66.0.0/16"`},
	{`cidrsubnet("10.64.0.0/12", 4, 16)`, refused},
	{`cidrsubnet("10.64.0.0/28", 8, 0)`, refused},
	{`cidrsubnet("fd00:10::/32", 32, 5)`, `"fd00:10:0:5::/64"`},
	{`cidrsubnet("fd00::/16", 48, 65536)`, `"fd00:0:1::/64"`},
	{`cidrsubnet("::ffff:10.0.0.0/104", 8, 1)`, `"10.1.0.0/16"`},
	{`cidrsubnets("10.64.0.0/16", 4, 4, 8)`, `["10.64.0.0/20","10.64.16.0/20","10.64.32.0/24"]`},
	{`cidrsubnets("fd00:10:64::/48", 16, 16)`, `["fd00:10:64::/64","fd00:10:64:1::/64"]`},
	{`cidrsubnets("10.64.0.0/30", 1, 1, 1)`, refused},
	{`cidrsubnets("10.64.0.0/16")`, `[]`},

	// Types.
	{`can(cidrhost("10.0.0.0/8", 1))`, `true`},
	{`can({}.a)`, `false`},
	{`tobool("true")`, `true`},
	{`tobool("yes")`, refused},
	{`tobool(tolist(["true", null])[1])`, `null`},
	{`tolist(["a", 1])`, `["a","1"]`},
	{`tolist(toset(["b", "a"]))`, `["a","b"]`},
	{`tomap({ a = 1, b = "x" })`, `{"a":"1","b":"x"}`},
	{`tomap({ a = 1, b = [] })`, refused},
	{`tonumber("1.50")`, `1.5`},
	{`tonumber("1e3")`, `1000`},
	{`tonumber("0x10")`, refused},
	{`toset(["b", "a", "b"])`, `["a","b"]`},
	{`tostring(1.0)`, `"1"`},
	{`tostring(1000000000000000000000)`, `"1000000000000000000000"`},
	{`tostring(0.1)`, `"0.1"`},
	{`tostring([])`, refused},
	{`try({}.a, "b")`, `"b"`},
	{`try({}.a)`, refused},
}

// probe wraps an expression so that an error becomes a result.
func probe(expression string) string {
	return fmt.Sprintf("try(jsonencode(%s), %q)", expression, refused)
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		t.Run(c.expression, func(t *testing.T) {
			t.Parallel()
			if got := evaluate(t, probe(c.expression), nil).AsString(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestEveryFunctionHasCases(t *testing.T) {
	t.Parallel()
	for _, name := range functions.Names() {
		called := false
		for _, c := range cases {
			called = called || c.want != refused && strings.Contains(c.expression, name+"(")
		}
		if !called {
			t.Errorf("no case shows a result of %s", name)
		}
	}
}

// Not in the table of cases, because each tool gives something else.
func TestWhereToolsDifferNothingIsGiven(t *testing.T) {
	t.Parallel()
	for expression, why := range map[string]string{
		`tostring(null)`:             "unknown in Terragrunt, null in Terraform",
		`format("%v", null)`:         "unknown in Terraform 1.11, null in Terragrunt",
		`formatlist("%v-%v", null)`:  "unknown in Terraform 1.11",
		`sum(["1", "2"])`:            "refused by Terragrunt",
		`cidrnetmask("fd00::/64")`:   "refused by Terraform",
		`cidrhost("010.0.0.0/8", 1)`: "refused by Terragrunt, which sees an octal number",
	} {
		if got := evaluate(t, probe(expression), nil).AsString(); got != refused {
			t.Errorf("%s: got %s, though it is %s", expression, got, why)
		}
	}
}

func TestTableIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	delete(functions.Table(), "cidrhost")
	if _, ok := functions.Table()["cidrhost"]; !ok {
		t.Error("deleting from a table deletes from the next one")
	}
}

func TestExcludedFunctionsAreNotInTheTable(t *testing.T) {
	t.Parallel()
	for name := range functions.Excluded {
		if _, ok := functions.Table()[name]; ok {
			t.Errorf("%s is in the table and excluded", name)
		}
	}
}

// Values of another component are unknown before it is applied.
func TestUnknownArgumentsGiveUnknownResults(t *testing.T) {
	t.Parallel()
	known := map[string]string{
		"can":      "knows only whether its argument is an error",
		"coalesce": "", "try": "", "merge": "", "lookup": "",
	}
	for name, f := range functions.Table() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, of := range []func(function.Parameter) cty.Value{unknownOfType, dynamicUnknown} {
				got, err := f.Call(arguments(f, of))
				if err != nil {
					continue // the types alone are wrong, which Terraform says before it knows the values
				}
				if _, ok := known[name]; !ok && got.IsWhollyKnown() {
					t.Errorf("got %#v for unknown arguments", got)
				}
			}
		})
	}
}

func TestUnknownElements(t *testing.T) {
	t.Parallel()
	unknown := map[string]cty.Value{
		"s": cty.UnknownVal(cty.String),
		"n": cty.UnknownVal(cty.Number),
		"b": cty.UnknownVal(cty.Bool),
		"d": cty.DynamicVal,
		"m": cty.UnknownVal(cty.Map(cty.String)),
	}
	for expression, want := range map[string]cty.Value{
		`alltrue([b, false])`:                  cty.False,
		`alltrue([b, true])`:                   cty.UnknownVal(cty.Bool).RefineNotNull(),
		`anytrue([b, true])`:                   cty.True,
		`anytrue([b, false])`:                  cty.UnknownVal(cty.Bool),
		`length([s, d])`:                       cty.NumberIntVal(2),
		`length({ a = d })`:                    cty.NumberIntVal(1),
		`length(m) == null`:                    cty.False,
		`sum([1, n])`:                          cty.UnknownVal(cty.Number),
		`sum([1, d])`:                          cty.UnknownVal(cty.Number),
		`one([s])`:                             cty.UnknownVal(cty.String),
		`one(toset([s]))`:                      cty.UnknownVal(cty.String),
		`index(["a", s], "a")`:                 cty.Zero,
		`index([s, "a"], "a")`:                 cty.UnknownVal(cty.Number),
		`lookup({ a = s, b = "x" }, "b")`:      cty.StringVal("x"),
		`lookup({ a = s }, "b", "x")`:          cty.StringVal("x"),
		`lookup({ a = 1 }, s, 2)`:              cty.DynamicVal,
		`lookup(m, "a", "x")`:                  cty.UnknownVal(cty.String),
		`lookup({ a = 1 }, "b", d)`:            cty.DynamicVal,
		`matchkeys(["a"], [s], ["x"])`:         cty.UnknownVal(cty.List(cty.String)),
		`matchkeys(["a"], ["x"], [s])`:         cty.UnknownVal(cty.List(cty.String)),
		`transpose({ a = [s] })`:               cty.UnknownVal(cty.Map(cty.List(cty.String))),
		`merge({ a = s }, { b = 1 }).b`:        cty.NumberIntVal(1),
		`try(d.x, "y")`:                        cty.DynamicVal,
		`coalesce(s, "x")`:                     cty.UnknownVal(cty.String),
		`replace(s, "a", "b")`:                 cty.UnknownVal(cty.String).RefineNotNull(),
		`cidrsubnet(s, 4, 1)`:                  cty.UnknownVal(cty.String),
		`startswith("10.0.0.0/8", s)`:          cty.UnknownVal(cty.Bool),
		`format("%s-%s", "a", s) == null`:      cty.False,
		`jsonencode({ a = s }) == null`:        cty.False,
		`yamlencode({ a = s, b = d }) == null`: cty.UnknownVal(cty.Bool).RefineNotNull(),
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			if got := evaluate(t, expression, unknown); !got.RawEquals(want) && !(got.Type().Equals(want.Type()) && !got.IsKnown() && !want.IsKnown()) {
				t.Errorf("got %#v, want %#v", got, want)
			}
		})
	}
}

// Marks are how the platform follows secrets through expressions.
func TestMarksAreKept(t *testing.T) {
	t.Parallel()
	secret := map[string]cty.Value{
		"s": cty.StringVal("10.0.0.0/8").Mark("secret"),
		"l": cty.ListVal([]cty.Value{cty.StringVal("a").Mark("secret")}),
		"m": cty.MapVal(map[string]cty.Value{"a": cty.StringVal("x").Mark("secret")}),
	}
	for _, expression := range []string{
		`base64encode(s)`, `base64sha256(s)`, `cidrhost(s, 1)`, `coalesce(s, "")`, `format("%s", s)`, `index(l, "a")`,
		`jsonencode(l)`, `lookup(m, "a")`, `lookup(m, "b", s)`, `lower(s)`, `one(l)`, `replace(s, "a", "b")`, `startswith(s, "x")`,
		`try(s, "x")`, `yamlencode(l)`, `"${s}-x"`,
	} {
		if got := evaluate(t, expression, secret); !got.ContainsMarked() {
			t.Errorf("%s lost the mark: %#v", expression, got)
		}
	}
}

func TestNullArgumentsDoNotPanic(t *testing.T) {
	t.Parallel()
	null := func(p function.Parameter) cty.Value { return cty.NullVal(p.Type) }
	for name, f := range functions.Table() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := f.Call(arguments(f, null)); err != nil && strings.Contains(err.Error(), "panic") {
				t.Error(err)
			}
		})
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, c := range cases {
		f.Add(c.expression)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		parsed, diags := hclsyntax.ParseExpression([]byte(expression), "fuzz", hcl.InitialPos)
		if diags.HasErrors() {
			return
		}
		start := time.Now()
		_, diags = parsed.Value(&hcl.EvalContext{Functions: functions.Table()})
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %s", expression, took)
		}
		for _, d := range diags {
			if strings.Contains(d.Detail, "panic in function implementation") {
				t.Errorf("%s: %s", expression, d.Detail)
			}
		}
	})
}

func evaluate(t *testing.T, expression string, variables map[string]cty.Value) cty.Value {
	t.Helper()
	parsed, diags := hclsyntax.ParseExpression([]byte(expression), "test", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	value, diags := parsed.Value(&hcl.EvalContext{Functions: functions.Table(), Variables: variables})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return value
}

// arguments are as many as the function must have, and one for each that it may.
func arguments(f function.Function, of func(function.Parameter) cty.Value) []cty.Value {
	var args []cty.Value
	for _, p := range f.Params() {
		args = append(args, of(p))
	}
	if p := f.VarParam(); p != nil {
		args = append(args, of(*p))
	}
	return args
}

func unknownOfType(p function.Parameter) cty.Value { return cty.UnknownVal(p.Type) }

func dynamicUnknown(function.Parameter) cty.Value { return cty.DynamicVal }
