variable "groups" {
  description = "Connection groups, by name."
  type = map(object({
    type                     = optional(string, "ORGANIZATIONAL") # a folder, or BALANCING: machines that share the load
    max_connections          = optional(number)                   # users of a balancing group at once, 0 for any number
    max_connections_per_user = optional(number)                   # the same for one user
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for g in values(var.groups) : contains(["ORGANIZATIONAL", "BALANCING"], g.type)])
    error_message = "Write type as \"ORGANIZATIONAL\" (a folder) or \"BALANCING\" (machines that share the load)."
  }
}

variable "machines" {
  description = "Machines to connect to, by a key that stays the same when the machine is renamed."
  type = map(object({
    address                  = string                  # host name or address
    name                     = optional(string)        # what users see; the key without it
    group                    = optional(string)        # name of its group; the top without it
    protocol                 = optional(string, "ssh") # ssh or rdp
    port                     = optional(number)        # 22 for ssh and 3389 for rdp without it
    username                 = optional(string)        # account; with ssh that of ssh_username without it
    max_connections          = optional(number)        # users at once, 0 for any number
    max_connections_per_user = optional(number)        # the same for one user
    enable_sftp              = optional(bool)          # ssh: whether files can be transferred
    security                 = optional(string)        # rdp: rdp, tls, nla, vmconnect or any
    ignore_cert              = optional(bool)          # rdp: whether any certificate is taken
    domain                   = optional(string)        # rdp: Windows domain of the account
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for m in values(var.machines) : contains(["ssh", "rdp"], m.protocol)])
    error_message = "Write protocol as \"ssh\" or \"rdp\"."
  }

  validation {
    condition     = alltrue([for m in values(var.machines) : m.group == null ? true : contains(keys(var.groups), m.group)])
    error_message = "Write in group the name of one of the groups: ${join(", ", keys(var.groups))}."
  }

  validation {
    condition = alltrue([for m in values(var.machines) : m.protocol == "ssh"
      ? m.security == null && m.ignore_cert == null && m.domain == null
      : m.enable_sftp == null
    ])
    error_message = "Write enable_sftp only where protocol is \"ssh\", and security, ignore_cert and domain only where it is \"rdp\"."
  }

  validation {
    condition     = length(var.machines) == length(distinct([for key, m in var.machines : [m.group, coalesce(m.name, key)]]))
    error_message = "Write another name for machines that have the same one in the same group: Guacamole shows each name once."
  }
}

variable "virtual_machines" {
  description = "Which virtual machines of KubeVirt get an SSH connection each: those of a namespace that run and have an address."
  type = object({
    namespace                = string           # namespace to look in
    label_selector           = optional(string) # such as os=ubuntu,tier in (dev, test); all without it
    group                    = optional(string) # name of their group; the top without it
    username                 = optional(string) # account; that of ssh_username without it
    max_connections          = optional(number) # users of each at once, 0 for any number
    max_connections_per_user = optional(number) # the same for one user
  })
  default = null

  validation {
    condition     = try(var.virtual_machines.group, null) == null ? true : contains(keys(var.groups), var.virtual_machines.group)
    error_message = "Write in group the name of one of the groups: ${join(", ", keys(var.groups))}."
  }
}

variable "ssh_username" {
  description = "Account for SSH where nothing else is said. Users are asked without it."
  type        = string
  default     = null
}

variable "ssh_private_key" {
  description = "Private key that all SSH connections log in with. It is sent to Guacamole and stored nowhere else."
  type        = string
  default     = ""
  nullable    = false
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.ssh_private_key == "" || var.ssh_private_key_version != null
    error_message = "Write ssh_private_key_version, such as 1, beside ssh_private_key: the key is sent when its version changes."
  }
}

variable "ssh_private_key_version" {
  description = "Version of ssh_private_key: change it to send the key again. Users are asked for a password without it."
  type        = number
  default     = null
}

variable "rdp_password" {
  description = "Password that all RDP connections log in with. It is sent to Guacamole and stored nowhere else."
  type        = string
  default     = ""
  nullable    = false
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.rdp_password == "" || var.rdp_password_version != null
    error_message = "Write rdp_password_version, such as 1, beside rdp_password: the password is sent when its version changes."
  }
}

variable "rdp_password_version" {
  description = "Version of rdp_password: change it to send the password again. Users are asked for one without it."
  type        = number
  default     = null
}
