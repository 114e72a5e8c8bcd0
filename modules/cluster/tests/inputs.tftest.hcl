# What is refused before any machine is asked.
variables {
  name               = "prod-seoul"
  kubernetes_version = "1.34.4"
  virtual_ip         = { address = "192.168.1.100" }
  pod_cidr           = "10.244.0.0/16"
  service_cidr       = "10.96.0.0/16"
  nodes              = { cp-01 = { role = "control-plane", address = "192.168.1.11" } }
}

run "name_in_capitals" {
  command = plan
  variables {
    name = "Prod Seoul"
  }
  expect_failures = [var.name]
}

run "version_with_a_letter" {
  command = plan
  variables {
    kubernetes_version = "v1.34.4"
  }
  expect_failures = [var.kubernetes_version]
}

run "version_without_patch" {
  command = plan
  variables {
    kubernetes_version = "1.34"
  }
  expect_failures = [var.kubernetes_version]
}

run "no_endpoint" {
  command = plan
  variables {
    virtual_ip = null
  }
  expect_failures = [var.control_plane_endpoint]
}

run "endpoint_without_port" {
  command = plan
  variables {
    control_plane_endpoint = "k8s.example.com"
  }
  expect_failures = [var.control_plane_endpoint]
}

run "virtual_ip_that_is_a_network" {
  command = plan
  variables {
    virtual_ip = { address = "192.168.1.0/24" }
  }
  expect_failures = [var.virtual_ip]
}

run "virtual_ip_of_a_node" {
  command = plan
  variables {
    virtual_ip = { address = "192.168.1.11" }
  }
  expect_failures = [var.virtual_ip]
}

run "bgp_without_peers" {
  command = plan
  variables {
    virtual_ip = { address = "192.168.1.100", mode = "bgp" }
  }
  expect_failures = [var.virtual_ip]
}

run "peers_without_bgp" {
  command = plan
  variables {
    virtual_ip = { address = "192.168.1.100", bgp = { as_number = 64512, peers = [{ address = "192.168.1.1", as_number = 65001 }] } }
  }
  expect_failures = [var.virtual_ip]
}

run "unknown_mode" {
  command = plan
  variables {
    virtual_ip = { address = "192.168.1.100", mode = "l2" }
  }
  expect_failures = [var.virtual_ip]
}

run "node_with_a_bad_name" {
  command = plan
  variables {
    nodes = { CP_01 = { role = "control-plane", address = "192.168.1.11" } }
  }
  expect_failures = [var.nodes]
}

run "unknown_role" {
  command = plan
  variables {
    nodes = { cp-01 = { role = "control-plane", address = "192.168.1.11" }, gpu-01 = { role = "gpu", address = "192.168.1.31" } }
  }
  expect_failures = [var.nodes]
}

run "no_control_plane" {
  command = plan
  variables {
    nodes = { worker-01 = { role = "worker", address = "192.168.1.21" } }
  }
  expect_failures = [var.nodes]
}

run "node_with_a_name_for_an_address" {
  command = plan
  variables {
    nodes = { cp-01 = { role = "control-plane", address = "cp-01.example.internal" } }
  }
  expect_failures = [var.nodes]
}

run "two_nodes_with_one_address" {
  command = plan
  variables {
    nodes = {
      cp-01     = { role = "control-plane", address = "192.168.1.11" }
      worker-01 = { role = "worker", address = "192.168.1.11" }
    }
  }
  expect_failures = [var.nodes]
}

run "unknown_effect" {
  command = plan
  variables {
    nodes = { cp-01 = { role = "control-plane", address = "192.168.1.11", taints = [{ key = "gpu", effect = "Never" }] } }
  }
  expect_failures = [var.nodes]
}

run "networks_that_are_addresses" {
  command = plan
  variables {
    pod_cidr     = "10.244.0.0"
    service_cidr = "10.96.0.1"
    node_cidr    = "192.168.1.1"
  }
  expect_failures = [var.pod_cidr, var.service_cidr, var.node_cidr]
}

run "configuration_that_is_no_json" {
  command = plan
  variables {
    kubelet_configuration    = "maxPods: 200"
    kube_proxy_configuration = "[\"ipvs\"]"
  }
  expect_failures = [var.kubelet_configuration, var.kube_proxy_configuration]
}

run "two_places_for_packages" {
  command = plan
  variables {
    packages = { archive = "kubernetes.tar.gz", repository = "https://packages.example.com/kubernetes" }
  }
  expect_failures = [var.packages]
}

run "all_preflight_errors" {
  command = plan
  variables {
    ignore_preflight_errors = ["NumCPU", "All"]
  }
  expect_failures = [var.ignore_preflight_errors]
}

run "no_workers_in_a_batch" {
  command = plan
  variables {
    worker_batch_size = 0
  }
  expect_failures = [var.worker_batch_size]
}
