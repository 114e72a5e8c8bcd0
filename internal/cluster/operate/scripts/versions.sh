# Prints the versions of Kubernetes' programs, and which archives were unpacked here, one name=value a line: "complete"
# while all images of the archive are there, "incomplete" when the kubelet has deleted some to make room.
if command -v kubeadm >/dev/null; then echo "kubeadm=$(kubeadm version --output short)"; fi
if command -v kubelet >/dev/null; then echo "kubelet=$(kubelet --version | awk '{ print $2 }')"; fi
if command -v kubectl >/dev/null; then echo "kubectl=$(kubectl version --client 2>/dev/null | awk '$1 == "Client" { print $3 }')"; fi
for stamp in /var/lib/onprem/archive-*; do
	[ -f "$stamp" ] || continue
	images=$(ctr --namespace k8s.io images list --quiet)
	if grep -qvxF "$images" "$stamp"; then echo "${stamp##*/}=incomplete"; else echo "${stamp##*/}=complete"; fi
done
