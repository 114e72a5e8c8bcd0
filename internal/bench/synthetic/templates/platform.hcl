platform "synthetic" {
  tool   = "tofu"
  owners = ["@acme/platform"]

  state "s3" {
    bucket    = "acme-tfstate"
    endpoints = { s3 = "https://minio.example.internal:9000" }
  }

  provider "onprem" {
    kubernetes = { config_path = "~/.kube/${env.name}-${site.name}" }
    harbor     = { url = "https://harbor.${site.name}.${env.domain}" }
    guacamole  = { url = "https://access.${site.name}.${env.domain}/guacamole" }
    kong       = { admin_url = "http://kong-admin.${site.name}.${env.domain}:8001" }
  }

  workflows "github" {
    runner  = "self-hosted"
    secrets = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "HARBOR_USERNAME", "HARBOR_PASSWORD"]
  }
}
<% range .List %>
environment "<% .Name %>" {
  domain = "<% .Name %>.example.internal"
<% range .Sites %>
  site "<% .Name %>" {
    as_number    = <% .ASNumber %>
    node_cidr    = "<% .Node 0 %>/24"
    pod_cidr     = "<% .Pods %>"
    service_cidr = "<% .Services %>"
    api_vip      = "<% .Node 10 %>"
    lb_range     = "<% .Node 180 %>-<% .Node 200 %>"
    gateway      = "<% .Gateway %>"
    switches     = ["<% .Node 1 %>", "<% .Node 2 %>"]
    switch_as    = <% .SwitchAS %>
    routers      = ["<% .Node 3 %>", "<% .Node 4 %>"]
    machines     = { cp-01 = "<% .Node 11 %>", worker-01 = "<% .Node 21 %>", worker-02 = "<% .Node 22 %>", gpu-01 = "<% .Node 31 %>" }
    peers = {<% range .Neighbours %>
      <% .Name %> = { peer_ip = "<% .Gateway %>", as_number = <% .ASNumber %> }<% end %>
    }
  }
<% end %>}
<% end %>
