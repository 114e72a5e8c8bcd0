# Through a bastion, as another user than the provider block says.
data "onprem_kubernetes_cluster" "seoul" {
  address = "192.168.1.11"

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

output "etcd_leader" {
  value = one([for name, m in data.onprem_kubernetes_cluster.seoul.etcd_members : name if m.leader])
}
