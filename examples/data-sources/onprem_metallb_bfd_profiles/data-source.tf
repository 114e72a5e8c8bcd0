data "onprem_metallb_bfd_profiles" "all" {
  namespace = "metallb-system" # all namespaces without it
}

output "patient_profiles" {
  value = [for profile in data.onprem_metallb_bfd_profiles.all.bfd_profiles : profile.name if profile.detect_multiplier > 20]
}
