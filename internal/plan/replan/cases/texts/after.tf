resource "terraform_data" "yaml" {
  input = <<-EOT
    controller:
      replicas: 3
      image:
        repository: harbor.example.internal/base-images/kong
        tag: "3.9"
      resources:
        requests:
          cpu: 100m
          memory: 256Mi
    proxy:
      type: LoadBalancer
  EOT
}

resource "terraform_data" "json" {
  input = jsonencode({ rules = [{ action = "allow", ports = [443] }, { action = "deny" }], version = 2 })
}

resource "terraform_data" "long_line" {
  input = "${join("", [for i in range(400) : "0123456789"])}new${join("", [for i in range(400) : "0123456789"])}"
}

resource "terraform_data" "list" {
  input = [for i in range(31) : { name = "rule-${i == 30 ? "last" : i}", port = i == 3 ? 9000 : 8000 + i }]
}

resource "terraform_data" "created_long" {
  input = join("\n", [for i in range(300) : "line ${i} of a long text that nobody reads in a comment"])
}
