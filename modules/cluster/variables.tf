variable "name" {
  description = "Name of the cluster, such as prod-seoul. It cannot be changed."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "Write name in lower case letters, digits and dashes, at most 63 of them, such as \"prod-seoul\"."
  }
}

variable "kubernetes_version" {
  description = "Version of Kubernetes, 1.31 or later. A newer one upgrades the nodes in place: patch releases may be skipped, minor releases may not."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$", var.kubernetes_version))
    error_message = "Write kubernetes_version whole and without v, such as \"1.34.4\"."
  }
}

variable "control_plane_endpoint" {
  description = "Where nodes and users reach the API server, host:port. The virtual IP's address and port 6443 without it. It cannot be changed."
  type        = string
  default     = null

  validation {
    condition     = var.control_plane_endpoint != null ? can(regex("^.+:[0-9]+$", var.control_plane_endpoint)) : var.virtual_ip != null
    error_message = "Write control_plane_endpoint as host:port, such as \"k8s.example.com:6443\", or leave it out and write virtual_ip."
  }
}

variable "virtual_ip" {
  description = "The address that kube-vip keeps on one of the control planes. Leave it out where a load balancer serves control_plane_endpoint."
  type = object({
    address   = string           # unused so far, and not a node's
    interface = optional(string) # such as bond0; the one with the default route without it
    mode      = optional(string) # arp or bgp; arp without it
    image     = optional(string) # of kube-vip, with tag
    bgp = optional(object({      # with mode bgp
      as_number = number         # of the control planes
      peers = list(object({      # routers that learn the address
        address   = string
        as_number = number
      }))
    }))
    lease_duration = optional(number) # seconds that a silent holder keeps the address, 15 without it
    renew_deadline = optional(number) # seconds that a holder tries to renew, 10 without it
    retry_period   = optional(number) # seconds between tries, 2 without it
  })
  default = null

  validation {
    condition     = var.virtual_ip == null ? true : can(cidrhost("${var.virtual_ip.address}/32", 0))
    error_message = "Write address of virtual_ip as an address, such as \"192.168.1.100\"."
  }

  validation {
    condition     = var.virtual_ip == null ? true : !contains([for node in values(var.nodes) : node.address], var.virtual_ip.address)
    error_message = "Write in virtual_ip an address that no node has: kube-vip moves it from one control plane to another."
  }

  validation {
    condition = (
      var.virtual_ip == null ? true : var.virtual_ip.mode == "bgp" ? try(length(var.virtual_ip.bgp.peers), 0) > 0 :
      var.virtual_ip.bgp == null && coalesce(var.virtual_ip.mode, "arp") == "arp"
    )
    error_message = "Write mode as \"arp\", or as \"bgp\" beside bgp with at least one of peers."
  }
}

variable "nodes" {
  description = "The machines, by node name. One that is added is prepared and joined, one that is taken out is drained and reset."
  type = map(object({
    role    = string                # control-plane or worker
    address = string                # the node's own in the cluster; it cannot be changed
    labels  = optional(map(string)) # labels that others have put are left alone
    taints = optional(list(object({ # the role's usual ones without it; [] for none at all
      key    = string
      value  = optional(string)
      effect = string # NoSchedule, PreferNoSchedule or NoExecute
    })))
    kubelet_extra_args = optional(list(object({ # arguments of this kubelet
      name  = string                            # without dashes
      value = string
    })))
    ssh = optional(object({               # where it differs from ssh of the cluster
      address          = optional(string) # name or address to log in to; the node's own without it
      host_key         = optional(string) # ssh-ed25519 AAAA… or SHA256:…; the provider's known_hosts_file has it without it
      user             = optional(string)
      port             = optional(number)
      private_key_file = optional(string)
      bastion = optional(object({
        host             = string
        port             = optional(number)
        user             = optional(string)
        host_key         = optional(string)
        private_key_file = optional(string)
      }))
    }))
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.nodes) : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name))])
    error_message = "Write names of nodes in lower case letters, digits, dashes and dots, such as \"cp-01\"."
  }

  validation {
    condition     = alltrue([for node in values(var.nodes) : contains(["control-plane", "worker"], node.role)])
    error_message = "Write role as \"control-plane\" or \"worker\"."
  }

  validation {
    condition     = anytrue([for node in values(var.nodes) : node.role == "control-plane"])
    error_message = "Write at least one of nodes with role = \"control-plane\", better three: two of them can do no more than one."
  }

  validation {
    condition     = alltrue([for node in values(var.nodes) : can(cidrhost("${node.address}/32", 0))])
    error_message = "Write address of nodes as an address, such as \"192.168.1.11\"; a name to log in to belongs into ssh."
  }

  validation {
    condition     = length(var.nodes) == length(distinct([for node in values(var.nodes) : node.address]))
    error_message = "Write another address for nodes that have the same one."
  }

  validation {
    condition = alltrue(flatten([for node in values(var.nodes) : [for taint in coalesce(node.taints, []) :
      contains(["NoSchedule", "PreferNoSchedule", "NoExecute"], taint.effect)
    ]]))
    error_message = "Write effect of taints as \"NoSchedule\", \"PreferNoSchedule\" or \"NoExecute\"."
  }
}

variable "pod_cidr" {
  description = "Network of the pods. The network plugin gives out addresses of it. It cannot be changed."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.pod_cidr, 0))
    error_message = "Write pod_cidr as a network, such as \"10.244.0.0/16\"."
  }
}

variable "service_cidr" {
  description = "Network of the services. It cannot be changed."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.service_cidr, 0))
    error_message = "Write service_cidr as a network, such as \"10.96.0.0/16\"."
  }
}

variable "node_cidr" {
  description = "The machines' own network. Nothing is made of it: it is there for checks across sites."
  type        = string
  default     = null

  validation {
    condition     = var.node_cidr == null || can(cidrhost(var.node_cidr, 0))
    error_message = "Write node_cidr as a network, such as \"192.168.1.0/24\"."
  }
}

variable "dns_domain" {
  description = "Domain of the services. It cannot be changed."
  type        = string
  default     = "cluster.local"
  nullable    = false
}

variable "certificate_sans" {
  description = "Names and addresses in the API server's certificate beside those that kubeadm puts there."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "api_server" {
  description = "Arguments of the API server beside kubeadm's own."
  type = object({
    extra_args = list(object({
      name  = string # without dashes
      value = string
    }))
  })
  default = null
}

variable "controller_manager" {
  description = "Arguments of the controller manager beside kubeadm's own."
  type = object({
    extra_args = list(object({
      name  = string # without dashes
      value = string
    }))
  })
  default = null
}

variable "scheduler" {
  description = "Arguments of the scheduler beside kubeadm's own."
  type = object({
    extra_args = list(object({
      name  = string # without dashes
      value = string
    }))
  })
  default = null
}

variable "kubelet_configuration" {
  description = "Fields of a KubeletConfiguration that differ from the defaults, as JSON."
  type        = string
  default     = null

  validation {
    condition     = var.kubelet_configuration == null ? true : can(keys(jsondecode(var.kubelet_configuration)))
    error_message = "Write kubelet_configuration as jsonencode({ … })."
  }
}

variable "kube_proxy_configuration" {
  description = "Fields of a KubeProxyConfiguration that differ from the defaults, as JSON."
  type        = string
  default     = null

  validation {
    condition     = var.kube_proxy_configuration == null ? true : can(keys(jsondecode(var.kube_proxy_configuration)))
    error_message = "Write kube_proxy_configuration as jsonencode({ … })."
  }
}

variable "coredns" {
  description = "Whether kubeadm installs CoreDNS. It cannot be changed."
  type        = bool
  default     = true
  nullable    = false
}

variable "kube_proxy" {
  description = "Whether kubeadm installs kube-proxy. Some network plugins do its work. It cannot be changed."
  type        = bool
  default     = true
  nullable    = false
}

variable "etcd" {
  description = "Settings of etcd. Without it every control plane runs a member with kubeadm's own."
  type = object({
    data_dir = optional(string)         # /var/lib/etcd without it; it cannot be changed
    extra_args = optional(list(object({ # of the members
      name  = string                    # without dashes
      value = string
    })))
    snapshot_dir = optional(string) # on control planes, for the snapshots before upgrades and removals
    external = optional(object({    # an etcd that kubeadm does not run
      endpoints = list(string)      # such as https://192.168.1.51:2379
      ca_file   = string            # these files are on every control plane
      cert_file = string
      key_file  = string
    }))
  })
  default = null
}

variable "image_repository" {
  description = "Where the images of Kubernetes come from. registry.k8s.io without it."
  type        = string
  default     = null
}

variable "manage_packages" {
  description = "Whether to install containerd, kubeadm and the kubelet. With false what is there is checked and must have the wanted version."
  type        = bool
  default     = true
  nullable    = false
}

variable "packages" {
  description = "Where to install from: an archive for sites without a network, or the team's own repository. The distribution's and pkgs.k8s.io without it."
  type = object({
    archive        = optional(string) # .tar or .tar.gz on the machine that runs Terraform
    archive_sha256 = optional(string) # which the archive must have
    repository     = optional(string) # URL, in which %s stands for the minor version: v1.34
    repository_key = optional(string) # URL of its signing key
  })
  default = null

  validation {
    condition     = var.packages == null ? true : (var.packages.archive == null) != (var.packages.repository == null)
    error_message = "Write archive or repository in packages, one of the two."
  }
}

variable "ignore_preflight_errors" {
  description = "Checks of kubeadm that only warn when they fail, such as NumCPU."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = !contains([for name in var.ignore_preflight_errors : lower(name)], "all")
    error_message = "Write in ignore_preflight_errors the checks by name: all would hide what breaks the cluster."
  }
}

variable "ssh" {
  description = "How to log in to the machines, where it differs from the provider's ssh block, which has the secrets."
  type = object({
    user             = optional(string) # any but root needs sudo
    port             = optional(number)
    private_key_file = optional(string) # on the machine that runs Terraform
    bastion = optional(object({         # machine to go through
      host             = string
      port             = optional(number)
      user             = optional(string)
      host_key         = optional(string)
      private_key_file = optional(string)
    }))
  })
  default = null
}

variable "worker_batch_size" {
  description = "How many workers are drained and upgraded at once."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.worker_batch_size >= 1 && floor(var.worker_batch_size) == var.worker_batch_size
    error_message = "Write worker_batch_size as a whole number from 1."
  }
}

variable "drain_timeout" {
  description = "How long the pods of one node may take to leave, such as 10m."
  type        = string
  default     = null
}

variable "ready_timeout" {
  description = "How long one node may take to become Ready, such as 5m."
  type        = string
  default     = null
}

variable "timeouts" {
  description = "How long the work on the whole cluster may take."
  type = object({
    create = optional(string) # 60m without it
    read   = optional(string) # 5m
    update = optional(string) # 3h
    delete = optional(string) # 30m
  })
  default = null
}

variable "deletion_protection" {
  description = "Whether to refuse to destroy the cluster: set it to false and apply, then destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "store_kubeconfig" {
  description = "Whether the state keeps the administrator's kubeconfig, with the private key in it, for the output kubeconfig."
  type        = bool
  default     = false
  nullable    = false
}

variable "progress_file" {
  description = "File that gets a line about each thing done, for those who wait."
  type        = string
  default     = null
}
