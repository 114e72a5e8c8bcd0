# Prints what Kubernetes asks of a machine before it becomes a node, one name=value a line; a name may repeat.
say() { printf '%s=%s\n' "$1" "$2"; }
read_file() { if [ -r "$2" ]; then say "$1" "$(cat "$2")"; fi; }

say arch "$(uname -m)"
say hostname "$(hostname)"
read_file machine_id /etc/machine-id
# Containers show the product_uuid of their host, which says nothing about them.
if ! grep -qs . /run/systemd/container; then read_file product_uuid /sys/class/dmi/id/product_uuid; fi
read_file ip_forward /proc/sys/net/ipv4/ip_forward
say cpus "$(nproc)"
say memory_kib "$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)"
say cgroup "$(stat -fc %T /sys/fs/cgroup)"
say var_free_kib "$(df -Pk /var/lib | awk 'END { print $4 }')"
say var_used_percent "$(df -Pk /var/lib | awk 'END { print int(100 - 100 * $4 / $2) }')"
for dir in /etc /var/lib /usr/local; do
	[ -w "$dir" ] || say read_only "$dir"
done

tail -n +2 /proc/swaps | while read -r device _; do say swap "$device"; done
for tool in conntrack iptables nft ip mount systemd-run tar; do
	if command -v "$tool" >/dev/null; then say tool "$tool"; fi
done
for manager in apt-get zypper dnf yum; do
	if command -v "$manager" >/dev/null; then
		say package_manager "$manager"
		break
	fi
done

if command -v ip >/dev/null; then
	ip -o address show | awk '{ sub("/.*", "", $4); print "address=" $2 " " $4 }'
fi
if command -v ss >/dev/null; then
	ss -Hltnp | awk '{ n = split($4, parts, ":"); print "port=" parts[n] " " $6 }'
fi

# The unit decides which kubelet runs, whatever else is installed.
say kubelet_unit "$(systemctl show --property FragmentPath --value kubelet.service 2>/dev/null)"
say kubelet_path "$(systemctl show --property ExecStart kubelet.service 2>/dev/null | sed -n 's/.*path=\([^ ;]*\).*/\1/p' | head -n 1)"

if command -v containerd >/dev/null; then
	# The file that a Debian package brings, unchanged, is replaced.
	sum=$(md5sum </etc/containerd/config.toml 2>/dev/null | cut -d ' ' -f 1)
	packaged=$(dpkg-query --show --showformat '${Conffiles}\n' containerd containerd.io 2>/dev/null | grep -F "/etc/containerd/config.toml ${sum:-none}")
	if [ -e /etc/containerd/config.toml ] && [ -z "$packaged" ]; then
		say containerd_config present
		containerd config dump 2>/dev/null | sed -n 's/^[[:space:]]*\(disabled_plugins\|SystemdCgroup\)[[:space:]]*=[[:space:]]*/\1=/p'
	fi
fi
