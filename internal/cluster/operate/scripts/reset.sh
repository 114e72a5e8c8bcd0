# Undoes kubeadm's work on a machine, and what kube-vip did there. It runs where the caller has made sure whose the
# machine is. That etcd's member is gone from the cluster is the caller's business, too.
#   ETCD-DATA(empty: etcd is elsewhere) VIRTUAL-IP(may be empty)
set -eu
etcd=$1 vip=$2

rm -f /etc/kubernetes/manifests/kube-vip.yaml
if command -v kubeadm >/dev/null; then
	kubeadm reset --force --skip-phases=remove-etcd-member --cri-socket=unix:///run/containerd/containerd.sock
elif [ -e /etc/kubernetes/kubelet.conf ]; then
	echo 'kubeadm, which undoes its own work, is not installed: install it in the version of the cluster' >&2
	exit 1
fi
if [ -n "$etcd" ] && [ -d "$etcd" ]; then find "$etcd" -mindepth 1 -delete; fi
rm -rf /etc/kubernetes/tmp
rm -f /run/onprem/*.yaml

# kube-vip leaves its address on the interface when it is killed.
if [ -n "$vip" ]; then
	ip -o address show | awk -v vip="$vip" '{ split($4, a, "/"); if (a[1] == vip) print $2, $4 }' | while read -r interface address; do
		ip address delete "$address" dev "$interface"
	done
fi
