# One company's platform on its own machines. Three files make it: this one says
# how Terraform reaches it, sites.platform.hcl what exists where, and
# components.platform.hcl what is deployed.

platform "acme" {
  tool   = "terraform"
  owners = ["@acme/platform"]

  # Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
  state "s3" {
    bucket    = "acme-tfstate"
    endpoints = { s3 = "https://minio.example.internal:9000" }
  }

  # Accounts come from HARBOR_USERNAME, HARBOR_PASSWORD and so on.
  provider "onprem" {
    kubernetes = { config_path = "~/.kube/${env.name}-${site.name}" }
    harbor     = { url = "https://harbor.${env.domain}" }
    kong       = { admin_url = "http://kong-admin.${site.name}.${env.domain}:8001" }
  }

  workflows "github" {
    runner  = "self-hosted"
    secrets = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "HARBOR_USERNAME", "HARBOR_PASSWORD", "GUACAMOLE_USERNAME", "GUACAMOLE_PASSWORD"]
  }
}
