# Configures containerd where nobody did, and starts it.
#   VERSION-OF-KUBERNETES IMAGE-REPOSITORY SYSTEMD-CGROUP(true|false)
set -eu
umask 022
if ! [ -e /etc/containerd/config.toml ]; then
	pause=$(kubeadm config images list --kubernetes-version "v$1" --image-repository "${2:-registry.k8s.io}" 2>/dev/null | grep '/pause:')
	mkdir -p /etc/containerd
	# The sections moved with containerd 2.
	case $(containerd --version | awk '{ print $3 }') in
	1.* | v1.*)
		cat >/etc/containerd/config.toml.new <<CONFIG
# Written by the Terraform provider onprem. It is not changed again.
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$pause"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = $3
CONFIG
		;;
	*)
		cat >/etc/containerd/config.toml.new <<CONFIG
# Written by the Terraform provider onprem. It is not changed again.
version = 3

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "$pause"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
    SystemdCgroup = $3
CONFIG
		;;
	esac
	mv /etc/containerd/config.toml.new /etc/containerd/config.toml
	systemctl restart containerd.service
fi
systemctl enable --quiet --now containerd.service
