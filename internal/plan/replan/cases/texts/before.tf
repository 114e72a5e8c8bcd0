resource "terraform_data" "yaml" {
  input = <<-EOT
    controller:
      replicas: 1
      image:
        repository: harbor.example.internal/base-images/kong
        tag: "3.8"
      resources:
        requests:
          cpu: 100m
    proxy:
      type: LoadBalancer
  EOT
}

resource "terraform_data" "json" {
  input = jsonencode({ rules = [{ action = "allow", ports = [80, 443] }, { action = "deny" }], version = 1 })
}

resource "terraform_data" "long_line" {
  input = "${join("", [for i in range(400) : "0123456789"])}old${join("", [for i in range(400) : "0123456789"])}"
}

resource "terraform_data" "list" {
  input = [for i in range(30) : { name = "rule-${i}", port = 8000 + i }]
}
