# Both switches learn one route for all services. The community tells them which
# of the two is the way to prefer.
resource "onprem_metallb_ip_address_pool" "services" {
  name      = "tokyo-services"
  addresses = ["192.168.2.192/28"]
}

resource "onprem_metallb_bgp_advertisement" "first" {
  name               = "tokyo-tor-1"
  ip_address_pools   = [onprem_metallb_ip_address_pool.services.name]
  aggregation_length = 28
  communities        = ["65002:100"]
  peers              = ["tokyo-tor-1"]
}

resource "onprem_metallb_bgp_advertisement" "second" {
  name               = "tokyo-tor-2"
  ip_address_pools   = [onprem_metallb_ip_address_pool.services.name]
  aggregation_length = 28
  communities        = ["65002:200"]
  peers              = ["tokyo-tor-2"]
}
