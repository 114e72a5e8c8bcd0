locals {
  # Every route beside the name of its service.
  routes = merge([for service, s in var.services : {
    for name, route in s.routes : name => merge(route, { service = service })
  }]...)
}

resource "onprem_kong_service" "this" {
  for_each = var.services

  name            = each.key
  url             = each.value.url
  enabled         = each.value.enabled
  retries         = each.value.retries
  connect_timeout = each.value.connect_timeout
  read_timeout    = each.value.read_timeout
  write_timeout   = each.value.write_timeout
  tls_verify      = each.value.tls_verify
  tags            = each.value.tags
}

resource "onprem_kong_route" "this" {
  for_each = local.routes

  name    = each.key
  service = { id = onprem_kong_service.this[each.value.service].id }

  hosts     = each.value.hosts
  paths     = each.value.paths
  methods   = each.value.methods
  headers   = each.value.headers
  protocols = each.value.protocols

  strip_path                 = each.value.strip_path
  preserve_host              = each.value.preserve_host
  https_redirect_status_code = each.value.https_redirect_status_code
  regex_priority             = each.value.regex_priority
  tags                       = each.value.tags
}
