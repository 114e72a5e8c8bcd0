data "onprem_harbor_labels" "all" {
  project_id = 1
}

output "labels" {
  value = data.onprem_harbor_labels.all.labels
}
