# Expressions of every kind, which Terragrunt evaluates at another place and
# under other names.

platform "expressions" {
  state "local" {}
}

locals {
  site      = "a local that is called site"
  teams     = ["ä", "日本", "emoji 🙂", "quote \" backslash \\ dollar $ percent %"]
  by-name   = { for t in local.teams : upper(t) => length(t) }
  env       = { local = local.site }
  template  = "$${not} %%{evaluated} ${local.site}"
  heredoc   = <<-EOT
    first ${local.site}
      second
    %{~for t in local.teams}
    - ${t}
    %{~endfor}
    $${escaped} %%{escaped}
  EOT
  big       = 12345678901234567890
  precise   = 0.1
  negative  = -1
  condition = length(local.teams) > 3 ? "many" : "few"
}

environment "with-dash" {
  domain    = "${local.condition}.example.internal"
  local     = { env = "an attribute called local" }
  component = "an attribute called component"

  site "a-b_c" {
    name-of = "site of ${env.domain}"
    zones   = { for i, z in ["x", "y"] : z => { index = i, env = env.name } }
  }
  site "d" {
    name-of = <<EOT
a heredoc that
  keeps its indentation, of ${env.name}
EOT
    zones   = {}
  }
}

component "for" {
  per    = "site"
  module = "../anything"

  inputs = {
    a = { for site in [1, 2] : "n${site}" => { site = site } }
    b = [for env in local.teams : env if env != "ä"]
    c = { for k, zone in site.zones : k => merge(zone, { local = local.site }) }
    d = { for t in local.teams : substr(t, 0, 1) => t... }
    e = local.teams[*]
    f = [for k, v in local.by-name : "${k}=${v}"]
    g = [for zone in values(site.zones) : [for i in range(2) : "${zone.env}-${i}"]]
    h = flatten([[for t in local.teams : { t = t }], []])
  }
}

component "text" {
  per    = "site"
  module = "../anything"

  inputs = {
    a = local.heredoc
    b = "${local.template} ${env.local.env} %{if env.name == "with-dash"}yes%{else}no%{endif}"
    c = site.name-of
    d = <<-EOT
      site: ${site.name}
      env:  ${env.name} %{for t in local.teams}<${t}>%{endfor}
        $${kept} %%{kept} "quoted" \n
    EOT
    e = "local.site and site.name and component.x are only text; tab\there, nul-free, \u00e9"
    f = env.component
    g = { "${site.name}-key" = 1, (env.name) = 2, local = 3, "dots.and spaces" = 4, site = site.name }
    h = jsonencode({ site = site.name, list = local.teams })
  }
}

component "numbers" {
  per    = "environment"
  module = "../anything"

  inputs = {
    a = [local.big, local.precise, local.negative, 1e3, 100000000000000000000, 0.30000000000000004, 3600000, 1.0]
    b = local.precise * 3
    c = { half = 1 / 2, third = 1 / 3, modulo = 7 % 3, not = !true, minus = -local.big }
    d = env.name == "with-dash" && !false || local.big < 1 ? [1] : []
    e = tonumber("42")
    f = tostring(42)
    g = tobool("true")
    h = [max(1, 2), min(1, 2), ceil(1.5), floor(-1.5), pow(2, 10), parseint("ff", 16), abs(-5), signum(-3), log(8, 2)]
  }
}

component "functions" {
  per    = "platform"
  module = "../anything"

  inputs = {
    a = {
      cidr   = [cidrsubnet("10.0.0.0/8", 8, 3), cidrhost("10.0.0.0/24", 7), cidrnetmask("10.0.0.0/20")]
      base64 = base64encode("ä🙂")
      decode = base64decode("w6Q=")
      sha    = sha256("ä")
      md5    = md5("ä")
      url    = urlencode("a b/ä")
      json   = jsondecode("{\"a\": [1, null, 1.5, \"x\"], \"b\": {}}")
      yaml   = yamldecode("a: [1, true, null]\nb: {c: d}")
    }
    b = {
      split   = split(",", "a,b,,c")
      join    = join("-", ["a", "b"])
      replace = [replace("a.b.c", ".", "/"), replace("abc123", "/[0-9]+/", "#")]
      regex   = regexall("[a-z]+", "ab12cd")
      format  = format("%03d %s %q %5.2f", 7, "x", "y", 3.14159)
      trim    = [trimspace("  x "), trimprefix("abc", "a"), trimsuffix("abc", "c"), trim("xxaxx", "x")]
      title   = [title("hello world"), lower("ÄB"), upper("äb"), strrev("añb")]
      indent  = indent(2, "a\nb")
    }
    c = {
      merge    = merge({ a = 1 }, null, { b = 2 })
      lookup   = lookup({ a = 1 }, "b", 9)
      keys     = keys({ b = 1, a = 2 })
      values   = values({ b = 1, a = 2 })
      zipmap   = zipmap(["a", "b"], [1, 2])
      set      = toset(["b", "a", "b"])
      sort     = sort(["b", "a", "B"])
      distinct = distinct([1, 2, 1])
      chunk    = chunklist([1, 2, 3], 2)
      product  = setproduct(["a"], [1, 2])
      slice    = slice([1, 2, 3], 1, 2)
      element  = element([1, 2, 3], 4)
      coalesce = [coalesce(null, "x"), try(local.nothing.here, "tried")]
      can      = can(local.nothing.here)
    }
    d = tolist([1, "2", true])
    e = tomap({ a = 1, b = "2" })
    f = { known = "known" }
    g = [null, {}, [], "", 0, false, { a = null }]
    h = concat([1], ["a"], [[null]])

    token = "Bearer ${secret("TOKEN")}"
  }
}
