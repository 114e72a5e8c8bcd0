# What only machines can tell is made up here.
mock_provider "onprem" {
  mock_resource "onprem_kubernetes_cluster" {
    defaults = {
      ca_certificate         = "-----BEGIN CERTIFICATE-----"
      ca_hash                = "sha256:7c5a4d8f"
      certificates_expire_at = "2027-11-21T12:00:00Z"
      kubeconfig             = "apiVersion: v1"
    }
  }
}

variables {
  name                = "stage-seoul"
  kubernetes_version  = "1.34.4"
  virtual_ip          = { address = "192.168.10.10" }
  pod_cidr            = "10.64.0.0/16"
  service_cidr        = "10.160.0.0/16"
  nodes               = { cp-01 = { role = "control-plane", address = "192.168.10.11" } }
  store_kubeconfig    = true
  deletion_protection = false
}

run "a_cluster_that_is_there" {
  assert {
    condition     = output.name == "stage-seoul" && output.endpoint == "192.168.10.10:6443" && output.nodes == { cp-01 = "192.168.10.11" }
    error_message = "The outputs should say what the cluster is called and where it is."
  }
  assert {
    condition     = output.ca_hash == "sha256:7c5a4d8f" && output.ca_certificate == "-----BEGIN CERTIFICATE-----" && output.certificates_expire_at == "2027-11-21T12:00:00Z"
    error_message = "The outputs should have the cluster's authority."
  }
  assert {
    condition     = issensitive(output.kubeconfig) && nonsensitive(output.kubeconfig) == "apiVersion: v1"
    error_message = "The kubeconfig that was asked for should be there, and not be shown."
  }
}
