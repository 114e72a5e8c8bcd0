# The plan of a cluster that is not there yet needs no machine.
variables {
  name               = "prod-seoul"
  kubernetes_version = "1.34.4"
  virtual_ip         = { address = "192.168.1.100", interface = "bond0" }
  pod_cidr           = "10.244.0.0/16"
  service_cidr       = "10.96.0.0/16"

  nodes = {
    cp-01     = { role = "control-plane", address = "192.168.1.11", taints = [], labels = { gpu = "rtx-3090" } }
    cp-02     = { role = "control-plane", address = "192.168.1.12" }
    cp-03     = { role = "control-plane", address = "192.168.1.13" }
    worker-01 = { role = "worker", address = "192.168.1.21", labels = { service = "payment" } }
    gpu-01 = {
      role               = "worker"
      address            = "192.168.1.31"
      taints             = [{ key = "nvidia.com/gpu", effect = "NoSchedule" }]
      kubelet_extra_args = [{ name = "max-pods", value = "200" }]
      ssh                = { address = "gpu-01.example.internal", host_key = "SHA256:4oi8Wbr9N/2fnEaFkwWSHRnA9tpAVkJ3wPRnhrGrhPY", user = "ubuntu" }
    }
  }
}

run "highly_available" {
  command = plan
  assert {
    condition     = output.name == "prod-seoul" && output.endpoint == "192.168.1.100:6443"
    error_message = "The API server should be reached at the virtual IP."
  }
  assert {
    condition     = length(output.nodes) == 5 && output.nodes["gpu-01"] == "192.168.1.31"
    error_message = "The outputs should have the addresses of all five nodes."
  }
  assert {
    condition     = keys(onprem_kubernetes_cluster.this.node_actions) == tolist(["cp-01", "cp-02", "cp-03", "gpu-01", "worker-01"])
    error_message = "The plan should say what is done to each node."
  }
  assert {
    condition = (
      onprem_kubernetes_cluster.this.virtual_ip.mode == "arp" && onprem_kubernetes_cluster.this.virtual_ip.interface == "bond0" &&
      onprem_kubernetes_cluster.this.virtual_ip.bgp == null
    )
    error_message = "kube-vip should answer for the address on bond0."
  }
  assert {
    condition = (
      length(onprem_kubernetes_cluster.this.nodes["cp-01"].taints) == 0 && onprem_kubernetes_cluster.this.nodes["cp-02"].taints == null &&
      onprem_kubernetes_cluster.this.nodes["gpu-01"].taints[0].key == "nvidia.com/gpu"
    )
    error_message = "No taints, the usual ones, and those of the node's own are three things."
  }
  assert {
    condition     = onprem_kubernetes_cluster.this.nodes["gpu-01"].ssh.user == "ubuntu" && onprem_kubernetes_cluster.this.nodes["cp-01"].ssh == null
    error_message = "Only gpu-01 should have a way to log in of its own."
  }
  assert {
    condition = (
      onprem_kubernetes_cluster.this.deletion_protection && !onprem_kubernetes_cluster.this.store_kubeconfig && output.kubeconfig == null &&
      onprem_kubernetes_cluster.this.manage_packages && onprem_kubernetes_cluster.this.upgrade.worker_batch_size == 1
    )
    error_message = "Without a word the cluster should be protected, and its kubeconfig stay out of the state."
  }
}

run "kube_vip_by_bgp_over_ipv6" {
  command = plan
  variables {
    virtual_ip = {
      address = "2001:db8:1::100"
      mode    = "bgp"
      bgp     = { as_number = 64512, peers = [{ address = "2001:db8:1::1", as_number = 65001 }] }
    }
    pod_cidr     = "2001:db8:244::/56"
    service_cidr = "2001:db8:96::/112"
    nodes        = { cp-01 = { role = "control-plane", address = "2001:db8:1::11" } }
  }
  assert {
    condition     = output.endpoint == "[2001:db8:1::100]:6443" && onprem_kubernetes_cluster.this.virtual_ip.bgp.peers[0].as_number == 65001
    error_message = "The switch should learn the virtual IP, which stands in brackets before the port."
  }
}

# A site without a network, with a load balancer and an etcd of its own.
run "everything_of_its_own" {
  command = plan
  variables {
    control_plane_endpoint   = "k8s.example.internal:6443"
    virtual_ip               = null
    dns_domain               = "seoul.example.internal"
    certificate_sans         = ["k8s.example.com", "203.0.113.2"]
    api_server               = { extra_args = [{ name = "audit-log-maxage", value = "30" }] }
    controller_manager       = { extra_args = [{ name = "terminated-pod-gc-threshold", value = "100" }] }
    scheduler                = { extra_args = [{ name = "v", value = "2" }] }
    kubelet_configuration    = jsonencode({ maxPods = 200 })
    kube_proxy_configuration = jsonencode({ mode = "ipvs" })
    coredns                  = false
    kube_proxy               = false
    etcd = { external = {
      endpoints = ["https://192.168.1.51:2379"], ca_file = "/etc/etcd/ca.crt", cert_file = "/etc/etcd/client.crt", key_file = "/etc/etcd/client.key"
    } }
    image_repository        = "harbor.example.internal/kubernetes"
    packages                = { archive = "/srv/kubernetes-1.34.4.tar.gz" }
    ignore_preflight_errors = ["NumCPU"]
    ssh                     = { user = "ubuntu", bastion = { host = "bastion.example.com" } }
    worker_batch_size       = 2
    drain_timeout           = "15m"
    ready_timeout           = "10m"
    timeouts                = { create = "2h" }
    progress_file           = "progress.log"
  }
  assert {
    condition     = output.endpoint == "k8s.example.internal:6443" && onprem_kubernetes_cluster.this.virtual_ip == null
    error_message = "The load balancer should be the endpoint, and there should be no kube-vip."
  }
  assert {
    condition = (
      jsondecode(onprem_kubernetes_cluster.this.kubelet_configuration).maxPods == 200 && jsondecode(onprem_kubernetes_cluster.this.kube_proxy_configuration).mode == "ipvs" &&
      onprem_kubernetes_cluster.this.api_server.extra_args[0].name == "audit-log-maxage" &&
      onprem_kubernetes_cluster.this.controller_manager.extra_args[0].value == "100" &&
      onprem_kubernetes_cluster.this.scheduler.extra_args[0].value == "2"
    )
    error_message = "Each component should have its own settings."
  }
  assert {
    condition = (
      !onprem_kubernetes_cluster.this.coredns && !onprem_kubernetes_cluster.this.kube_proxy && onprem_kubernetes_cluster.this.dns_domain == "seoul.example.internal" &&
      onprem_kubernetes_cluster.this.certificate_sans == toset(["203.0.113.2", "k8s.example.com"]) &&
      onprem_kubernetes_cluster.this.etcd.external.key_file == "/etc/etcd/client.key"
    )
    error_message = "Names, CoreDNS, kube-proxy and etcd should be as written."
  }
  assert {
    condition = (
      onprem_kubernetes_cluster.this.image_repository == "harbor.example.internal/kubernetes" && onprem_kubernetes_cluster.this.packages.archive == "/srv/kubernetes-1.34.4.tar.gz" &&
      onprem_kubernetes_cluster.this.ignore_preflight_errors == toset(["NumCPU"]) && onprem_kubernetes_cluster.this.ssh.bastion.host == "bastion.example.com"
    )
    error_message = "Machines should be prepared without a network, through the bastion."
  }
  assert {
    condition = (
      onprem_kubernetes_cluster.this.upgrade.worker_batch_size == 2 && onprem_kubernetes_cluster.this.drain_timeout == "15m" &&
      onprem_kubernetes_cluster.this.ready_timeout == "10m" && onprem_kubernetes_cluster.this.timeouts.create == "2h" &&
      onprem_kubernetes_cluster.this.progress_file == "progress.log"
    )
    error_message = "The work should go as written."
  }
}
