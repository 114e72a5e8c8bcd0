# Removes the settings and files that this provider put on the machine. Installed programs and images stay: they do
# nothing by themselves, and other things may have come to use them.
set -eu
systemctl disable --quiet --now kubelet.service 2>/dev/null || true
for file in /etc/systemd/system/kubelet.service.d/10-kubeadm.conf /etc/systemd/system/kubelet.service; do
	if grep -qs 'Written by the Terraform provider onprem' "$file"; then rm "$file"; fi
done
rmdir /etc/systemd/system/kubelet.service.d 2>/dev/null || true
systemctl daemon-reload
systemctl reset-failed kubelet.service 2>/dev/null || true
rm -f /etc/modules-load.d/onprem-kubernetes.conf /etc/sysctl.d/99-onprem-kubernetes.conf
rm -rf /var/lib/onprem/staging /var/lib/onprem/archive-*
rm -f /etc/kubernetes/onprem.json
rmdir /etc/kubernetes/manifests /etc/kubernetes 2>/dev/null || true
