# Configures containerd where nobody did, and starts it. The file that a Debian package brings and nobody has changed
# counts as nobody's: with it the kubelet and containerd disagree about the cgroup driver.
#   VERSION-OF-KUBERNETES IMAGE-REPOSITORY SYSTEMD-CGROUP(true|false)
set -eu
umask 022
packaged() {
	command -v dpkg-query >/dev/null || return 1
	sum=$(md5sum </etc/containerd/config.toml | cut -d ' ' -f 1)
	dpkg-query --show --showformat '${Conffiles}\n' containerd containerd.io 2>/dev/null | grep -qF "/etc/containerd/config.toml $sum"
}

if ! [ -e /etc/containerd/config.toml ] || packaged; then
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

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"

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

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["/opt/cni/bin"]
  conf_dir = "/etc/cni/net.d"

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
