data "onprem_harbor_project" "base_images" {
  name = "base-images"
}

output "base_images_repositories" {
  value = data.onprem_harbor_project.base_images.repo_count
}
