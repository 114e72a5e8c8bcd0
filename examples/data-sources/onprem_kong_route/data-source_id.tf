# By its id: a route without a name.
data "onprem_kong_route" "recordings" {
  id = "1d6f7c0a-8b1e-4a53-b9d2-0f5e6a7c8d21"
}

output "recordings_paths" {
  value = data.onprem_kong_route.recordings.paths
}
