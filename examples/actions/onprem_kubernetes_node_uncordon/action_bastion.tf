# Through a bastion, as another user than the provider block says.
action "onprem_kubernetes_node_uncordon" "gpu_01" {
  config {
    address = "192.168.1.11"
    node    = "gpu-01"

    ssh = {
      user             = "ops"
      port             = 2222
      private_key_file = "~/.ssh/prod"
      host_key         = "SHA256:lKo5Tm5xJ0fL7kLmcZqYvBT1v8rmNqg3Wd0eQJm2xhE"

      bastion = {
        host             = "bastion.example.internal"
        port             = 22
        user             = "ops"
        private_key_file = "~/.ssh/bastion"
        host_key         = "SHA256:0S1eZk2m7Xo4Qn9hYtRbUuWcVfGpLdAiEsJrKxMyNzw"
      }
    }
  }
}
