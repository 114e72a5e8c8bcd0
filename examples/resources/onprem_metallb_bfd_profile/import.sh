# By namespace and name.
terraform import onprem_metallb_bfd_profile.fast metallb-system/fast
