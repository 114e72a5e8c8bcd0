# By the SSH address of any control plane that runs.
terraform import onprem_kubernetes_cluster.seoul 192.168.1.11
