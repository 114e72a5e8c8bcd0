variable "cluster" {
  description = "Name of the cluster: the output cluster of the module network, so that the network is there first. Every object gets it as the label cluster."
  type        = string
  default     = null
}

variable "namespace" {
  description = "Namespace that MetalLB runs in."
  type        = string
  default     = "metallb-system"
  nullable    = false
}

variable "pools" {
  description = "Addresses for services of type LoadBalancer, by name of the pool."
  type = map(object({
    addresses          = list(string)           # networks and ranges: 192.168.1.192/28, 192.168.1.180-192.168.1.200
    advertise          = optional(string, "l2") # l2 (ARP and NDP), bgp, or none where something else announces them
    auto_assign        = optional(bool, true)   # whether services that ask for no pool get addresses of it
    avoid_buggy_ips    = optional(bool, false)  # whether addresses that end in .0 and .255 are left out
    interfaces         = optional(list(string)) # with l2: the nodes' interfaces to announce from; all without it
    aggregation_length = optional(number)       # with bgp: prefix length of the routes; 32, an address each, without it
    communities        = optional(list(string)) # with bgp: communities of the routes, such as 65001:100
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.pools) : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name))])
    error_message = "Write names of pools in lower case letters, digits, dashes and dots, such as \"services\"."
  }

  # Both ends of a range have to make a network of one address.
  validation {
    condition = alltrue(flatten([for pool in values(var.pools) : length(pool.addresses) == 0 ? [false] : [for range in pool.addresses :
      can(cidrhost(range, 0)) || (
        length(split("-", range)) == 2 && alltrue([for end in split("-", range) : can(cidrhost("${trimspace(end)}/32", 0))])
      )
    ]]))
    error_message = "Write addresses as networks and ranges, at least one, such as \"192.168.1.192/28\" or \"192.168.1.180-192.168.1.200\"."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : contains(["l2", "bgp", "none"], pool.advertise)])
    error_message = "Write advertise as \"l2\", \"bgp\" or \"none\"."
  }

  validation {
    condition     = length(var.bgp_peers) > 0 || alltrue([for pool in values(var.pools) : pool.advertise != "bgp"])
    error_message = "Write at least one of bgp_peers for pools with advertise = \"bgp\": nobody learns of their addresses otherwise."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.advertise == "l2" || pool.interfaces == null])
    error_message = "Write interfaces only beside advertise = \"l2\"."
  }

  validation {
    condition = alltrue([for pool in values(var.pools) :
      pool.advertise == "bgp" || (pool.aggregation_length == null && pool.communities == null)
    ])
    error_message = "Write aggregation_length and communities only beside advertise = \"bgp\"."
  }
}

variable "bgp_peers" {
  description = "Routers that MetalLB announces addresses to, by name."
  type = map(object({
    peer_address     = string                # the router's address
    peer_asn         = number                # the router's AS number
    my_asn           = number                # AS number of MetalLB, the same for all routers
    bfd              = optional(bool, false) # whether BFD watches the session; FRR only
    ebgp_multi_hop   = optional(bool, false) # whether the router is more than a hop away; FRR only
    hold_time        = optional(string)      # how long a silent router counts as up, such as 9s
    password_secret  = optional(string)      # name of the Secret with the session's password, in the same namespace
    password_version = optional(number)      # any number, where bgp_passwords has the password; change it to send it again
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.bgp_peers) : can(regex("^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", name))])
    error_message = "Write names of bgp_peers in lower case letters, digits, dashes and dots, such as \"tor-1\"."
  }

  validation {
    condition = alltrue([for peer in values(var.bgp_peers) :
      can(cidrhost("${peer.peer_address}/32", 0))
    ])
    error_message = "Write peer_address as an address, such as \"192.168.1.1\"."
  }

  validation {
    condition = alltrue([for asn in flatten([for peer in values(var.bgp_peers) : [peer.peer_asn, peer.my_asn]]) :
      asn >= 1 && asn <= 4294967295 && floor(asn) == asn
    ])
    error_message = "Write peer_asn and my_asn as whole numbers from 1 to 4294967295."
  }

  validation {
    condition     = length(distinct([for peer in values(var.bgp_peers) : peer.my_asn])) <= 1
    error_message = "Write the same my_asn in all bgp_peers: MetalLB refuses to be in two autonomous systems."
  }

  validation {
    condition     = alltrue([for peer in values(var.bgp_peers) : peer.password_secret == null || peer.password_version == null])
    error_message = "Write password_secret or password_version, not both: a session has one password."
  }
}

variable "bgp_passwords" {
  description = "Passwords of the bgp_peers that have a password_version, by name. They are not stored by Terraform, but whoever may read BGPPeers in the cluster sees them: prefer password_secret."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true

  validation {
    condition = alltrue([for name, peer in var.bgp_peers :
      (lookup(var.bgp_passwords, name, "") == "") == (peer.password_version == null)
    ])
    error_message = "Write in bgp_passwords the passwords of those bgp_peers that have a password_version, and of no other: ${join(", ", [for name, peer in var.bgp_peers : name if peer.password_version != null])}."
  }
}
