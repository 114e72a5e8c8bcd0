# Sets what the kubelet and networks ask of the kernel, now and after a reboot.
set -eu
umask 022
mkdir -p /etc/modules-load.d /etc/sysctl.d
put() { # file content
	if [ "$(cat "$1" 2>/dev/null)" != "$2" ]; then
		printf '%s\n' "$2" >"$1.new"
		mv "$1.new" "$1"
	fi
}
put /etc/modules-load.d/onprem-kubernetes.conf "overlay
br_netfilter"
for module in overlay br_netfilter; do
	modprobe "$module" 2>/dev/null || true
done

# The bridge's settings exist while br_netfilter is there. Containers cannot load it and may not need it.
settings='net.ipv4.ip_forward = 1'
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
	settings="$settings
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1"
else
	echo 'warning=br_netfilter is not loaded and cannot be: networks that filter bridged packets by iptables will not work'
fi
put /etc/sysctl.d/99-onprem-kubernetes.conf "$settings"
while IFS=' =' read -r name value; do
	file=/proc/sys/$(echo "$name" | tr . /)
	[ "$(cat "$file")" = "$value" ] || echo "$value" >"$file"
done </etc/sysctl.d/99-onprem-kubernetes.conf
