# A lost switch is noticed after 450 milliseconds.
resource "onprem_metallb_bfd_profile" "fast" {
  name              = "fast"
  receive_interval  = 150
  transmit_interval = 150
  detect_multiplier = 3

  lifecycle {
    create_before_destroy = true # when it goes, the peers let go of it first
  }
}

resource "onprem_metallb_bgp_peer" "tor" {
  name         = "seoul-tor-2"
  my_asn       = 64512
  peer_asn     = 65001
  peer_address = "192.168.1.2"
  bfd_profile  = onprem_metallb_bfd_profile.fast.name
}
