# AS numbers: 64512-64519 production clusters, 64530-64539 stage, 65000 head
# office, 65001-65009 switches.

environment "stage" {
  domain   = "stage.example.internal"
  portal   = "https://accessportal.stage.example.com/guacamole"
  machines = { cp-01 = "192.168.10.11", worker-01 = "192.168.10.21", worker-02 = "192.168.10.22" }

  site "seoul" {
    as_number    = 64530
    node_cidr    = "192.168.10.0/24"
    pod_cidr     = "10.64.0.0/16"
    service_cidr = "10.160.0.0/16"
    api_vip      = "192.168.10.10"
    lb_range     = "192.168.10.180-192.168.10.200"
    switches     = ["192.168.10.1"]
    switch_as    = 65001
  }
}

environment "prod" {
  domain    = "example.internal"
  portal    = "https://accessportal.example.com/guacamole"
  protected = true
  owners    = ["@acme/operations"]
  machines = {
    cp-01 = "192.168.1.11", cp-02 = "192.168.1.12", cp-03 = "192.168.1.13", worker-01 = "192.168.1.21",
    worker-02 = "192.168.1.22", gpu-01 = "192.168.1.31", gpu-02 = "192.168.1.32"
  }

  site "seoul" {
    as_number    = 64512
    node_cidr    = "192.168.1.0/24"
    pod_cidr     = "10.244.0.0/16"
    service_cidr = "10.96.0.0/16"
    api_vip      = "192.168.1.100"
    lb_range     = "192.168.1.180-192.168.1.200"
    switches     = ["192.168.1.1", "192.168.1.2"]
    switch_as    = 65001
    gateway      = "203.0.113.2"

    peers = {
      tokyo = { peer_ip = "203.0.113.1", as_number = 64513 }
      bank  = { peer_ip = "192.168.1.254", as_number = 65000, node_selector = "service == 'payment'" }
    }
  }

  site "tokyo" {
    as_number    = 64513
    node_cidr    = "192.168.2.0/24"
    pod_cidr     = "10.245.0.0/16"
    service_cidr = "10.97.0.0/16"
    api_vip      = "192.168.2.100"
    lb_range     = "192.168.2.180-192.168.2.200"
    switches     = ["192.168.2.1", "192.168.2.2"]
    switch_as    = 65002
    gateway      = "203.0.113.1"
    peers        = { seoul = { peer_ip = "203.0.113.2", as_number = 64512 } }
  }
}
