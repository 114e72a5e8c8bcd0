locals {
  # The virtual IP is what everybody talks to, where there is one.
  address  = try(strcontains(var.virtual_ip.address, ":") ? "[${var.virtual_ip.address}]" : var.virtual_ip.address, null)
  endpoint = var.control_plane_endpoint != null ? var.control_plane_endpoint : "${local.address}:6443"
}

resource "onprem_kubernetes_cluster" "this" {
  name                   = var.name
  version                = var.kubernetes_version
  control_plane_endpoint = local.endpoint
  virtual_ip             = var.virtual_ip
  nodes                  = var.nodes

  pod_cidr         = var.pod_cidr
  service_cidr     = var.service_cidr
  dns_domain       = var.dns_domain
  certificate_sans = length(var.certificate_sans) == 0 ? null : var.certificate_sans

  api_server               = var.api_server
  controller_manager       = var.controller_manager
  scheduler                = var.scheduler
  kubelet_configuration    = var.kubelet_configuration
  kube_proxy_configuration = var.kube_proxy_configuration
  coredns                  = var.coredns
  kube_proxy               = var.kube_proxy
  etcd                     = var.etcd

  image_repository        = var.image_repository
  manage_packages         = var.manage_packages
  packages                = var.packages
  ignore_preflight_errors = length(var.ignore_preflight_errors) == 0 ? null : var.ignore_preflight_errors
  ssh                     = var.ssh

  upgrade             = { worker_batch_size = var.worker_batch_size }
  drain_timeout       = var.drain_timeout
  ready_timeout       = var.ready_timeout
  timeouts            = var.timeouts
  deletion_protection = var.deletion_protection
  store_kubeconfig    = var.store_kubeconfig
  progress_file       = var.progress_file
}
