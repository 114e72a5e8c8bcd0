variable "name" {
  description = "Name of the cluster, such as prod-seoul. Every object gets it as the label cluster, and other modules wait for it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "Write name in lower case letters, digits and dashes, at most 63 of them, such as \"prod-seoul\"."
  }
}

variable "as_number" {
  description = "AS number of the cluster's nodes."
  type        = number
  nullable    = false

  validation {
    condition     = var.as_number >= 1 && var.as_number <= 4294967295 && floor(var.as_number) == var.as_number
    error_message = "Write as_number as a whole number from 1 to 4294967295; 64512 to 65534 are for private use."
  }
}

variable "node_to_node_mesh" {
  description = "Whether every node peers with every other. Set it to false where all nodes peer with their top-of-rack switches, which then pass the routes on."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition = (
      var.node_to_node_mesh || length(var.bgp_peers) > 0 ||
      alltrue([for pool in values(var.ip_pools) : startswith(pool.encapsulation, "VXLAN")])
    )
    error_message = "Write at least one of bgp_peers, or leave node_to_node_mesh out: without either the nodes do not learn where the pods are."
  }
}

variable "ip_pools" {
  description = "Networks that pods get their addresses from, by name."
  type = map(object({
    cidr          = string                   # the network; another one makes a new pool
    block_size    = optional(number)         # prefix length of a node's share; 26 for IPv4, 122 for IPv6 without it
    encapsulation = optional(string, "None") # None, IPIP, IPIPCrossSubnet, VXLAN or VXLANCrossSubnet
    nat_outgoing  = optional(bool, false)    # whether pods leave the pools with their node's address
    node_selector = optional(string)         # Calico selector of the nodes that use the pool; all without it
    disabled      = optional(bool, false)    # whether no new addresses are given out
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.ip_pools) : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name))])
    error_message = "Write names of ip_pools in lower case letters, digits, dashes and dots, such as \"pods\"."
  }

  validation {
    condition = alltrue([for pool in values(var.ip_pools) :
      can(cidrhost(pool.cidr, 0)) && (strcontains(pool.cidr, ":") || try(cidrhost(pool.cidr, 0), "") == split("/", pool.cidr)[0])
    ])
    error_message = "Write cidr as a network that begins with its first address, such as \"10.244.0.0/16\"."
  }

  validation {
    condition = alltrue([for pool in values(var.ip_pools) :
      pool.block_size == null ? true : contains(strcontains(pool.cidr, ":") ? range(116, 129) : range(20, 33), pool.block_size)
    ])
    error_message = "Write block_size as a prefix length from 20 to 32 for IPv4, or from 116 to 128 for IPv6."
  }

  validation {
    condition = alltrue([for pool in values(var.ip_pools) :
      contains(["None", "IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet"], pool.encapsulation)
    ])
    error_message = "Write encapsulation as \"None\", \"IPIP\", \"IPIPCrossSubnet\", \"VXLAN\" or \"VXLANCrossSubnet\"."
  }
}

variable "bgp_peers" {
  description = "Routers that the nodes peer with, by name: top-of-rack switches, gateways to other sites."
  type = map(object({
    peer_ip          = string           # address, with an optional port: 192.168.1.1, [2001:db8::1]:1790
    as_number        = number           # the router's; that of the cluster makes the session internal
    node_selector    = optional(string) # Calico selector of the nodes that peer; all without it
    max_restart_time = optional(string) # how long the router keeps routes while a node restarts BGP, such as 120s
    ttl_security     = optional(number) # hops to the router, 1 for a neighbour; unchecked without it
    reachable_by     = optional(string) # gateway to a router that is not on the nodes' network
    password_secret = optional(object({ # Secret with the session's password, beside calico-node
      name = string
      key  = string
    }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.bgp_peers) : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name))])
    error_message = "Write names of bgp_peers in lower case letters, digits, dashes and dots, such as \"tor-1\"."
  }

  # What is left of the address without its port has to make a network of one address.
  validation {
    condition = alltrue([for peer in values(var.bgp_peers) : anytrue([for length in [32, 128] :
      can(cidrhost("${trim(replace(peer.peer_ip, "/(\\.[0-9]+|\\]):[0-9]+$/", "$1"), "[]")}/${length}", 0))
    ])])
    error_message = "Write peer_ip as an address, with a port if it is not 179: \"192.168.1.1\", \"192.168.1.1:1790\", \"[2001:db8::1]:1790\"."
  }

  validation {
    condition = alltrue([for peer in values(var.bgp_peers) :
      peer.as_number >= 1 && peer.as_number <= 4294967295 && floor(peer.as_number) == peer.as_number
    ])
    error_message = "Write as_number of bgp_peers as a whole number from 1 to 4294967295."
  }
}

variable "service_cidrs" {
  description = "Networks of cluster IPs that the nodes announce to their BGP peers. None without it, so that services are reached from inside alone."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.service_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Write service_cidrs as networks, such as [\"10.96.0.0/16\"]."
  }
}

variable "service_load_balancer_ips" {
  description = "Networks of load-balancer addresses that the nodes announce to their BGP peers. Leave it out where MetalLB announces them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.service_load_balancer_ips : can(cidrhost(cidr, 0))])
    error_message = "Write service_load_balancer_ips as networks, such as [\"192.168.1.176/28\"]."
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

variable "service_cidr" {
  description = "The network that the cluster was set up to take cluster IPs from. Nothing is made of it: it is there for checks across sites."
  type        = string
  default     = null

  validation {
    condition     = var.service_cidr == null || can(cidrhost(var.service_cidr, 0))
    error_message = "Write service_cidr as a network, such as \"10.96.0.0/16\"."
  }
}

variable "api_vip" {
  description = "The address that the control planes share. Nothing is made of it: it is there for checks across sites."
  type        = string
  default     = null

  validation {
    condition     = var.api_vip == null || can(cidrhost("${var.api_vip}/32", 0))
    error_message = "Write api_vip as an address, such as \"192.168.1.100\"."
  }
}
