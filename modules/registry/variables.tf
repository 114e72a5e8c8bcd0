variable "projects" {
  description = "Projects to have, by name."
  type = map(object({
    public             = optional(bool, false) # whether anyone may pull
    storage_limit_gib  = optional(number)      # quota in GiB, -1 for unlimited; Harbor's default without it
    auto_scan          = optional(bool, false) # whether images are scanned on push
    severity           = optional(string)      # images with holes of this severity or above cannot be pulled
    prevent_vulnerable = optional(bool)        # whether severity counts; true where there is one
    cve_allowlist      = optional(set(string)) # vulnerabilities that do not count
    proxy_cache_of     = optional(string)      # name of the registry the project is a proxy cache of
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.projects) : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", name))])
    error_message = "Write names of projects in lower case letters and digits, with single \".\", \"_\" or \"-\" between them, such as \"team1-prod\"."
  }

  validation {
    condition = alltrue([for p in values(var.projects) :
      p.storage_limit_gib == null ? true : p.storage_limit_gib == -1 || (p.storage_limit_gib > 0 && p.storage_limit_gib <= 1048576)
    ])
    error_message = "Write storage_limit_gib as a number of GiB above 0 and up to 1048576 (1024 TiB), or -1 for unlimited."
  }

  validation {
    condition = alltrue([for p in values(var.projects) :
      p.severity == null ? true : contains(["none", "low", "medium", "high", "critical"], p.severity)
    ])
    error_message = "Write severity as \"none\", \"low\", \"medium\", \"high\" or \"critical\"."
  }

  validation {
    condition     = alltrue([for p in values(var.projects) : p.severity != null || !coalesce(p.prevent_vulnerable, false)])
    error_message = "Write a severity, such as \"high\", beside prevent_vulnerable = true."
  }

  validation {
    condition = alltrue([for p in values(var.projects) :
      p.proxy_cache_of == null ? true : contains(keys(var.registries), p.proxy_cache_of)
    ])
    error_message = "Write in proxy_cache_of the name of one of the registries: ${join(", ", keys(var.registries))}."
  }
}

variable "registries" {
  description = "Other registries that Harbor caches or replicates with, by name."
  type = map(object({
    type        = string                # such as docker-registry, docker-hub or harbor
    url         = string                # address, with http:// or https://
    description = optional(string)      # what it is for
    access_key  = optional(string)      # account; its secret is in registry_secrets
    insecure    = optional(bool, false) # whether any certificate is taken
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in values(var.registries) : can(regex("^https?://[^/]", r.url))])
    error_message = "Write url with http:// or https:// in front, such as \"https://hub.docker.com\"."
  }
}

variable "registry_secrets" {
  description = "Passwords or tokens of the registries that have an access_key, by name. They are sent to Harbor and stored nowhere else."
  type        = map(string)
  default     = {}
  nullable    = false
  ephemeral   = true
  sensitive   = true

  validation {
    condition = alltrue([for name in keys(var.registry_secrets) :
      contains([for registry, r in var.registries : registry if r.access_key != null], name)
    ])
    error_message = "Name in registry_secrets only registries that have an access_key: ${join(", ", [for name, r in var.registries : name if r.access_key != null])}."
  }
}

variable "secrets_version" {
  description = "Version of registry_secrets: change it to send them again."
  type        = number
  default     = 1
  nullable    = false
}

variable "replications" {
  description = "Replication policies, by name: each pulls from one registry or pushes to one."
  type = map(object({
    src_registry                 = optional(string) # name of the registry to pull from
    dest_registry                = optional(string) # name of the registry to push to
    dest_namespace               = optional(string) # namespace copies go to; that of the source without it
    dest_namespace_replace_count = optional(number) # leading parts of the path that it replaces; all but the last without it

    # Patterns of what is copied, such as team1-prod/** and {v*.*.*,latest}; everything without them.
    filters = optional(object({ name = optional(string), tag = optional(string) }), {})

    trigger  = optional(string, "manual") # manual, scheduled or event_based
    cron     = optional(string)           # schedule in six fields, seconds first
    override = optional(bool, false)      # whether artifacts of the same name are replaced
    deletion = optional(bool, false)      # whether deletions are replicated
    speed    = optional(number, 0)        # KB/s of each task, 0 for unlimited
    enabled  = optional(bool, true)       # whether it runs
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for r in values(var.replications) : (r.src_registry == null) != (r.dest_registry == null)])
    error_message = "Write either src_registry (to pull) or dest_registry (to push) in each replication."
  }

  validation {
    condition = alltrue([for r in values(var.replications) :
      alltrue([for name in compact([r.src_registry, r.dest_registry]) : contains(keys(var.registries), name)])
    ])
    error_message = "Write in src_registry and dest_registry the name of one of the registries: ${join(", ", keys(var.registries))}."
  }

  validation {
    condition     = alltrue([for r in values(var.replications) : contains(["manual", "scheduled", "event_based"], r.trigger)])
    error_message = "Write trigger as \"manual\", \"scheduled\" or \"event_based\"."
  }

  validation {
    condition     = alltrue([for r in values(var.replications) : (r.trigger == "scheduled") == (r.cron != null)])
    error_message = "Write cron, such as \"0 0 2 * * *\" for every night at two, where trigger is \"scheduled\", and nowhere else."
  }

  validation {
    condition     = alltrue([for r in values(var.replications) : r.trigger != "event_based" || r.dest_registry != null])
    error_message = "Write trigger = \"event_based\" only beside dest_registry: Harbor sees pushes to itself alone."
  }
}
