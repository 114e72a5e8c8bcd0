# Prints what a machine says of itself, a fact a line: "NAME VALUE". Files come in base64, without any private key.
#   ETCD-DATA-FOLDER
kubernetes=/etc/kubernetes
say() { if [ -n "$2" ]; then printf '%s %s\n' "$1" "$2"; fi; }
send() { if [ -f "$2" ]; then say "$1" "$(base64 -w0 <"$2")"; fi; }

# Jobs come first: one that is not listed had ended before any file was read.
systemctl list-units --plain --no-legend --state=active,activating,deactivating,reloading 'onprem-*.service' |
	while read -r unit _; do say job "$unit"; done

send owner $kubernetes/onprem.json
send ca $kubernetes/pki/ca.crt
send apiserver $kubernetes/pki/apiserver.crt
for file in $kubernetes/pki/*.crt $kubernetes/pki/etcd/*.crt; do
	case $file in
	*/ca.crt | */front-proxy-ca.crt) ;;
	*) send certificate "$file" ;;
	esac
done
for name in admin controller-manager scheduler kubelet; do
	file=$kubernetes/$name.conf
	if [ -f "$file" ]; then
		say conf $name
		say certificate "$(sed -n 's/^ *client-certificate-data: *//p' "$file")"
	fi
done
for file in $kubernetes/manifests/*; do
	send "manifest ${file##*/}" "$file"
done
send kubelet-config /var/lib/kubelet/config.yaml
send kubelet-flags /var/lib/kubelet/kubeadm-flags.env
# The runtime uses the first by name.
for file in /etc/cni/net.d/*.conflist /etc/cni/net.d/*.conf; do
	if [ -f "$file" ]; then echo "$file"; fi
done | sort | head -n 1 | while read -r file; do send cni "$file"; done
if [ -n "$(ls -A "$1" 2>/dev/null)" ]; then say etcd-data "$1"; fi

if command -v kubeadm >/dev/null; then say kubeadm "$(kubeadm version -o short 2>/dev/null)"; fi
if command -v kubelet >/dev/null; then say kubelet "$(kubelet --version 2>/dev/null)"; fi
if command -v containerd >/dev/null; then say containerd "$(containerd --version 2>/dev/null)"; fi
echo end
