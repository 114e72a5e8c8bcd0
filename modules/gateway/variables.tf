variable "services" {
  description = "Applications behind the gateway, by name, each with the routes that lead to it."
  type = map(object({
    url             = string                # where the application is: protocol, host, and port and path where needed
    enabled         = optional(bool, true)  # whether its routes are served
    retries         = optional(number)      # how often a failed request is tried again; 5 without it
    connect_timeout = optional(number)      # milliseconds; 60000 without it
    read_timeout    = optional(number)      # milliseconds between two reads, long for WebSockets; 60000 without it
    write_timeout   = optional(number)      # milliseconds between two writes; 60000 without it
    tls_verify      = optional(bool)        # whether the application's certificate is verified; the gateway decides without it
    tags            = optional(set(string)) # to find it by

    # By name, which is unique among the routes of all services.
    routes = optional(map(object({
      hosts                      = optional(list(string))      # host names; * may stand for the first or the last label
      paths                      = optional(list(string))      # beginnings of paths, or regular expressions after a ~
      methods                    = optional(set(string))       # HTTP methods, in capital letters
      headers                    = optional(map(list(string))) # header names, each with the values that match
      protocols                  = optional(set(string))       # http and https without it
      strip_path                 = optional(bool)              # whether the matched path is cut off; true without it
      preserve_host              = optional(bool)              # whether the application sees the request's own host; false without it
      https_redirect_status_code = optional(number)            # status of the answer to plain HTTP; 426 without it
      regex_priority             = optional(number)            # which of several matching expressions wins; 0 without it
      tags                       = optional(set(string))       # to find it by
    })), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for name in concat(keys(var.services), flatten([for s in values(var.services) : keys(s.routes)])) :
      can(regex("^[0-9A-Za-z._~-]+$", name))
    ])
    error_message = "Write names of services and routes in letters, digits and \".\", \"-\", \"_\", \"~\", such as \"frs-api\"."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : can(regex("^[a-z_]+://[^/]", s.url))])
    error_message = "Write url with its protocol and host, such as \"http://frs.nicepayment-frs.svc:8080\"."
  }

  validation {
    condition = alltrue([for routes in values(var.services)[*].routes :
      alltrue([for r in values(routes) : anytrue([for match in [r.hosts, r.paths, r.methods, r.headers] : match == null ? false : length(match) > 0])])
    ])
    error_message = "Write hosts, paths, methods or headers in each route: it is what requests are matched by."
  }

  validation {
    condition = alltrue([for routes in values(var.services)[*].routes :
      alltrue([for r in values(routes) : alltrue([for path in coalesce(r.paths, []) : can(regex("^[/~]", path))])])
    ])
    error_message = "Write paths with a / in front, such as \"/v1\", or with a ~ where they are regular expressions."
  }

  validation {
    condition     = length(flatten([for s in values(var.services) : keys(s.routes)])) == length(distinct(flatten([for s in values(var.services) : keys(s.routes)])))
    error_message = "Write a name of its own for each route: Kong has one route of a name, whatever its service."
  }
}
