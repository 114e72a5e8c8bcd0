terraform {
  required_providers {
    onprem = {
      source = "onprem-tools/onprem"
    }
  }
}

# Every block is optional: write those of the systems you use. Credentials come
# from the environment, see the table below.
provider "onprem" {
  ssh = {
    user             = "ubuntu"
    known_hosts_file = "known_hosts"
  }
  kubernetes = {
    config_path    = "~/.kube/config"
    config_context = "seoul"
  }
  harbor = {
    url          = "https://harbor.example.internal"
    ca_cert_file = "/etc/ssl/example.pem"
  }
  guacamole = {
    url = "https://accessportal.example.com/guacamole"
  }
  kong = {
    admin_url = "https://kong-admin.example.internal:8444"
  }
}
