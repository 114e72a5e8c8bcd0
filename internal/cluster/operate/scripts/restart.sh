# Restarts a static pod's container: the kubelet starts another one as soon as it ends. A component that is not here is
# none of our business.
#   COMPONENT
set -eu
component=$1
[ -e "/etc/kubernetes/manifests/$component.yaml" ] || exit 0

running() {
	for id in $(ctr --namespace k8s.io containers list --quiet "labels.\"io.kubernetes.container.name\"==$component,labels.\"io.kubernetes.pod.namespace\"==kube-system"); do
		ctr --namespace k8s.io tasks list | awk -v id="$id" '$1 == id && $3 == "RUNNING" { print id }'
	done
}

before=$(running)
for id in $before; do ctr --namespace k8s.io tasks kill --signal SIGTERM "$id"; done
while now=$(running) && { [ -z "$now" ] || [ "$now" = "$before" ]; }; do sleep 1; done
