# Units that need each other across scopes, by the inputs, by overrides and by
# depends_on.

platform "references" {
  state "local" {}
}

environment "a" {
  site "one" {}
}

environment "b" {
  zoned = false

  site "one" {}
  site "two-x" {}
}

component "top" {
  per    = "platform"
  module = "../linked"
  inputs = { name = "top" }
}

component "zone" {
  per    = "environment"
  module = "../linked"

  inputs = {
    name  = "zone of ${env.name}"
    needs = { top = component.top.outputs.name }
  }
}

component "side" {
  per        = "site"
  module     = "../linked"
  depends_on = [component.zone, component.top]
  inputs     = { name = "side of ${env.name}-${site.name}" }
}

component "extra-dash" {
  per     = "site"
  module  = "../linked"
  enabled = try(env.zoned, true)
  inputs  = { name = "extra", needs = { side = upper(component.side.outputs.name) } }
}

component "leaf" {
  per    = "site"
  module = "../linked"

  inputs = {
    name  = "leaf"
    needs = { top = component.top.outputs.name, zone = "in ${component.zone.outputs.name}", list = [component.zone.outputs.name, "x"] }
  }

  override "b" {
    inputs = { needs = { side = { by_name = component.side.outputs.by_name }, list = [] } }
  }

  override "b/two-x" {
    inputs = { needs = { zone = "two", side = { all = values(component.side.outputs.by_name) } } }
  }
}
