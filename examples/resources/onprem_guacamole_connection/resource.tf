variable "windows_password" {
  type      = string
  ephemeral = true
}

resource "onprem_guacamole_connection" "cp_01" {
  name                     = "CP-01 (Control Plane, GPU)"
  max_connections          = 5
  max_connections_per_user = 3

  ssh = {
    hostname    = "192.168.1.11"
    port        = 22
    username    = "ubuntu"
    enable_sftp = true
  }
}

resource "onprem_guacamole_connection" "win11" {
  name = "win11"
  rdp = {
    hostname            = "192.168.1.50"
    security            = "nla"
    ignore_cert         = true
    username            = "$${GUAC_USERNAME}" # the portal user's own name
    password_wo         = var.windows_password
    password_wo_version = 1
  }
}
