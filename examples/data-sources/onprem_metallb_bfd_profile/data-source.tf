data "onprem_metallb_bfd_profile" "fast" {
  namespace = "metallb-system" # the default
  name      = "fast"
}

output "detection_time_in_ms" {
  value = data.onprem_metallb_bfd_profile.fast.receive_interval * data.onprem_metallb_bfd_profile.fast.detect_multiplier
}
