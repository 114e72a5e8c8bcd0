# take_ownership: these objects belong to this module. What is left behind under
# the same name, or somebody edits by hand, is put right.

locals {
  labels = var.cluster == null ? null : { cluster = var.cluster }
}

resource "onprem_metallb_ip_address_pool" "this" {
  for_each = var.pools

  namespace       = var.namespace
  name            = each.key
  labels          = local.labels
  addresses       = each.value.addresses
  auto_assign     = each.value.auto_assign
  avoid_buggy_ips = each.value.avoid_buggy_ips
  take_ownership  = true
}

resource "onprem_metallb_l2_advertisement" "this" {
  for_each = { for name, pool in var.pools : name => pool if pool.advertise == "l2" }

  namespace        = var.namespace
  name             = each.key
  labels           = local.labels
  ip_address_pools = [onprem_metallb_ip_address_pool.this[each.key].name]
  interfaces       = each.value.interfaces
  take_ownership   = true
}

resource "onprem_metallb_bgp_advertisement" "this" {
  for_each = { for name, pool in var.pools : name => pool if pool.advertise == "bgp" }

  namespace          = var.namespace
  name               = each.key
  labels             = local.labels
  ip_address_pools   = [onprem_metallb_ip_address_pool.this[each.key].name]
  peers              = [for peer in onprem_metallb_bgp_peer.this : peer.name]
  aggregation_length = each.value.aggregation_length
  communities        = each.value.communities
  take_ownership     = true
}

resource "onprem_metallb_bgp_peer" "this" {
  for_each = var.bgp_peers

  namespace       = var.namespace
  name            = each.key
  labels          = local.labels
  my_asn          = each.value.my_asn
  peer_asn        = each.value.peer_asn
  peer_address    = each.value.peer_address
  ebgp_multi_hop  = each.value.ebgp_multi_hop
  hold_time       = each.value.hold_time
  bfd_profile     = each.value.bfd ? one(onprem_metallb_bfd_profile.this).name : null
  password_secret = each.value.password_secret == null ? null : { name = each.value.password_secret }
  take_ownership  = true

  password_wo         = each.value.password_version == null ? null : lookup(var.bgp_passwords, each.key, null)
  password_wo_version = each.value.password_version
}

# The speakers' own timing, which notices a lost router within a second.
resource "onprem_metallb_bfd_profile" "this" {
  count = anytrue([for peer in values(var.bgp_peers) : peer.bfd]) ? 1 : 0

  namespace      = var.namespace
  name           = "load-balancer"
  labels         = local.labels
  take_ownership = true

  # MetalLB keeps a profile that a peer still names: the peers are changed first.
  lifecycle {
    create_before_destroy = true
  }
}
