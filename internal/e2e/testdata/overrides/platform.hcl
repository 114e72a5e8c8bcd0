# What overrides do to values of every kind: maps merge deep, everything else is
# replaced, whatever it was.

platform "overrides" {
  state "local" {}
}

environment "base" {
  site "one" {}
}

environment "changed" {
  size = 3

  site "one" {}
  site "two-b" { rank = 2 }
}

locals {
  shared = { deep = { a = 1, list = [1, 2, 3] }, "with space" = "ä" }
}

component "literals" {
  per    = "site"
  module = "../anything"

  inputs = {
    a = { keep = 1, list = ["a", "b"], nested = { list = [1, 2], keep = true, deeper = { x = "x", "with-dash" = 1 } } }
    b = ["one", "two"]
    c = "text"
    d = { text = "text", number = 5, yes = true, list = [1], object = { a = 1 } }
    e = null
    f = {}
    g = { a = { b = { c = { d = 1, e = 2 } } } }
    h = [{ a = 1 }, { b = [1, 2] }]
  }

  override "changed" {
    inputs = {
      a = { list = ["c"], nested = { list = [], deeper = { x = "y", new = [null] } } }
      b = []
      c = ""
      d = { text = "", number = 0, yes = false, list = null, object = {} }
      e = { now = "something" }
      f = { now = "something" }
      g = { a = { b = { c = { e = null, f = 3 } } } }
      h = [{ c = 3 }]
    }
  }

  override "changed/two-b" {
    inputs = {
      a = { nested = { deeper = { "with-dash" = 2 }, keep = null } }
      b = ["two-b"]
      d = { object = { b = site.rank } }
      g = { a = { b = { c = { d = 0 }, g = [] } } }
    }
  }
}

component "scalars" {
  per    = "site"
  module = "../anything"

  inputs = {
    a = { text = "text", number = 5, yes = true, gone = "there", object = { a = 1 } }
    b = 1
    c = "text"
    d = true
    e = { deep = { empty = {}, full = { a = 1 } } }
  }

  override "changed" {
    inputs = {
      a = { text = "", number = 0, yes = false, gone = null, object = { b = 2 } }
      b = 0
      c = ""
      d = false
      e = { deep = { empty = { a = 1 }, full = {} } }
    }
  }
}

component "types" {
  per    = "environment"
  module = "../anything"

  inputs = {
    a = { x = "text" }
    b = { x = { y = 1 } }
    c = { x = [1] }
    d = "text"
    e = { y = 1 }
    f = [1]
    g = null
    h = { x = null, y = { z = null } }
  }

  override "changed" {
    inputs = {
      a = { x = { y = 1 } }
      b = { x = "text" }
      c = { x = "text" }
      d = { y = 1 }
      e = [1]
      f = { y = 1 }
      g = "text"
      h = { x = { a = 1 }, y = { z = "text" } }
    }
  }
}

component "computed" {
  per    = "site"
  module = "../anything"

  inputs = {
    a = { for i in range(3) : "key-${i}" => { index = i, list = [i] } }
    b = merge(local.shared, { more = { a = 1 } })
    c = local.shared
    d = { list = local.shared.deep.list, map = local.shared.deep }
  }

  override "changed" {
    inputs = {
      a = { for i in range(env.size) : "key-${i + 1}" => { list = [env.name], added = true } }
      b = { deep = { list = [9] }, more = { b = 2 } }
      c = merge(local.shared, { deep = { a = 2 } })
      d = { map = { for k in ["a", "z"] : k => env.size }, list = [] }
    }
  }

  override "changed/two-b" {
    inputs = {
      a = { "key-1" = { list = [], index = null } }
      b = { for k in ["deep", "other"] : k => { list = [site.rank] } }
    }
  }
}

component "untouched" {
  per    = "environment"
  module = "../anything"
  inputs = { a = 1 }

  override "changed" {
    inputs = { b = [1, { c = null }], c = { d = "e" } }
  }
}
