data "onprem_metallb_bfd_profiles" "all" {
  namespace = "metallb-system"
}

output "profiles" {
  value = data.onprem_metallb_bfd_profiles.all.bfd_profiles[*].name
}
