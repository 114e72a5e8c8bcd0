# Makes a new certificate for the API server. The old one comes back when that fails.
#   KUBEADM-CONFIGURATION
set -eu
pki=/etc/kubernetes/pki old=/etc/kubernetes/tmp/onprem-certificate
( umask 077; mkdir -p "$old" )
for file in apiserver.crt apiserver.key; do
	if [ -e "$pki/$file" ]; then mv "$pki/$file" "$old/"; fi
done
if ! kubeadm init phase certs apiserver --config "$1"; then
	mv "$old"/apiserver.* "$pki/"
	exit 1
fi
rm -r "$old"
