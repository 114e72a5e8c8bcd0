<% $site := . %><% range .Components %>
unit "<% . %>" {
  source = "../../../catalog/<% . %>"
  path   = "<% . %>"
  values = {
    name         = "<% $site.Env %>-<% $site.Name %>"
    as_number    = <% $site.ASNumber %>
    node_cidr    = "<% $site.Node 0 %>/24"
    pod_cidr     = "<% $site.Pods %>"
    service_cidr = "<% $site.Services %>"
    api_vip      = "<% $site.Node 10 %>"
    lb_range     = "<% $site.Node 180 %>-<% $site.Node 200 %>"
    switches     = ["<% $site.Node 1 %>", "<% $site.Node 2 %>"]
    switch_as    = <% $site.SwitchAS %>
    machines     = { cp-01 = "<% $site.Node 11 %>", worker-01 = "<% $site.Node 21 %>", worker-02 = "<% $site.Node 22 %>", gpu-01 = "<% $site.Node 31 %>" }
  }
}
<% end %>
