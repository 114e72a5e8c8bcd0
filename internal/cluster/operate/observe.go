package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// observePatience is how long the API may be away while one looks: as long as a
// restart of its server takes.
const observePatience = 15 * time.Second

// Where the cluster keeps what is looked at.
const (
	kubeadmConfig = "kubeadm-config"
	kubeletConfig = "kubelet-config"
	vipLease      = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
	vipLeaseName  = "plndr-cp-lock"
)

// Observe looks at the machines, the API and etcd. A machine or an API that does
// not answer is evidence and no error; that no machine answers is one.
func (o *Operator) Observe(ctx context.Context, t Target) (kubeadm.Observed, error) {
	have := kubeadm.Observed{At: time.Now().UTC(), CAHash: t.CAHash, Nodes: map[string]kubeadm.NodeObject{}}
	machines, err := o.observeMachines(ctx, t)
	if err != nil {
		return kubeadm.Observed{}, err
	}
	have.Machines = machines
	through := controlPlanesOf(t, machines)
	if len(through) == 0 {
		have.APIFailure = missingAPI(t, machines)
		return have, ended(ctx)
	}
	a := o.api(t)
	a.through, a.patience = through, observePatience
	var group sync.WaitGroup
	group.Go(func() {
		if err := a.observe(ctx, &have); err != nil {
			have.APIFailure = err.Error()
		}
	})
	var members []kubeadm.Member
	group.Go(func() { members = o.observeEtcd(ctx, t, machines, through) })
	group.Wait()
	have.Members = members
	return have, ended(ctx)
}

func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// observeMachines asks all machines at once.
func (o *Operator) observeMachines(ctx context.Context, t Target) (map[string]kubeadm.Machine, error) {
	var mu sync.Mutex
	machines := make(map[string]kubeadm.Machine, len(t.Access))
	failures := map[string]error{}
	var group sync.WaitGroup
	for node := range t.Access {
		group.Go(func() {
			machine, err := o.askMachine(ctx, t, node)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				machine.Failure, failures[node] = err.Error(), err
			}
			machines[node] = machine
		})
	}
	group.Wait()
	if err := ended(ctx); err != nil {
		return nil, err
	}
	if len(failures) == len(t.Access) && len(failures) > 0 {
		return nil, &NoMachineError{Reasons: failures}
	}
	return machines, nil
}

// controlPlanesOf are the machines whose admin.conf leads to the cluster: to the
// one that is known from before, to one that carries our marker, or, when
// neither is known, to whatever the machine belongs to.
func controlPlanesOf(t Target, machines map[string]kubeadm.Machine) []string {
	return slices.DeleteFunc(t.controlPlanes(), func(node string) bool {
		m := machines[node]
		ours := t.Cluster.Name == "" || m.Owner != nil && m.Owner.Cluster == t.Cluster.Name
		if t.CAHash != "" {
			ours = m.CAHash == t.CAHash
		}
		return !m.AdminConf || !ours
	})
}

// missingAPI says why there is no control plane to ask, though there should be.
func missingAPI(t Target, machines map[string]kubeadm.Machine) string {
	if t.CAHash == "" {
		return ""
	}
	failed := &UnreachableError{Reasons: map[string]error{}}
	for _, node := range t.controlPlanes() {
		m := machines[node]
		switch {
		case m.Failure != "":
			failed.Reasons[node] = errors.New(m.Failure)
		case m.CAHash != "" && m.CAHash != t.CAHash:
			failed.Reasons[node] = errors.New("the machine belongs to another cluster")
		default:
			failed.Reasons[node] = errNoAdminConf
		}
	}
	return failed.Error()
}

// observe adds what the API knows.
func (a *api) observe(ctx context.Context, have *kubeadm.Observed) error {
	configuration, err := a.configuration(ctx)
	if apierrors.IsNotFound(err) {
		return nil // kubeadm init has not come so far
	}
	if err != nil {
		return err
	}
	if have.CAHash, err = a.caHash(ctx); err != nil {
		return err
	}
	if have.Nodes, err = a.nodes(ctx); err != nil {
		return err
	}
	if err := a.observeKubelet(ctx, have); err != nil {
		return err
	}
	if have.VIPHolder, err = a.vipHolder(ctx); err != nil {
		return err
	}
	have.Configuration = &configuration // of a look that came to its end: half of one would tell of missing nodes
	return nil
}

// configuration is ClusterConfiguration of ConfigMap kubeadm-config.
func (a *api) configuration(ctx context.Context) (kubeadm.Configuration, error) {
	stored, err := a.configMap(ctx, kubeadmConfig)
	if err != nil {
		return kubeadm.Configuration{}, err
	}
	return kubeadm.ParseConfiguration([]byte(stored.Data["ClusterConfiguration"]))
}

// caHash is the authority of the cluster that answers.
func (a *api) caHash(ctx context.Context) (string, error) {
	server, err := a.connect(ctx)
	if err != nil {
		return "", err
	}
	ca, err := parseCertificate(server.ca)
	if err != nil {
		return "", err
	}
	return caHash(ca), nil
}

func (a *api) observeKubelet(ctx context.Context, have *kubeadm.Observed) error {
	stored, err := a.configMap(ctx, kubeletConfig)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if have.Kubelet, err = yaml.YAMLToJSON([]byte(stored.Data["kubelet"])); err != nil {
		return fmt.Errorf("ConfigMap %s: %w", kubeletConfig, err)
	}
	have.KubeletOwned = ownedFields(stored)
	return nil
}

// ownedFields are those that this provider put into a ConfigMap; none when
// somebody else wrote the annotation.
func ownedFields(m *corev1.ConfigMap) []string {
	var fields []string
	if json.Unmarshal([]byte(m.Annotations[kubeadm.OwnedAnnotation]), &fields) != nil {
		return nil
	}
	return fields
}

// vipHolder is the control plane that has the virtual address.
func (a *api) vipHolder(ctx context.Context) (string, error) {
	var lease coordinationv1.Lease
	err := a.get(ctx, &lease, vipLease, vipLeaseName)
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil || lease.Spec.HolderIdentity == nil:
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

// observeEtcd lists the members; none when etcd does not answer or is elsewhere.
func (o *Operator) observeEtcd(ctx context.Context, t Target, machines map[string]kubeadm.Machine, through []string) []kubeadm.Member {
	local := slices.DeleteFunc(slices.Clone(through), func(node string) bool {
		return !slices.Contains(machines[node].Manifests, "etcd.yaml")
	})
	if len(local) == 0 {
		return nil
	}
	e := o.etcdOn(t, local...)
	defer e.close()
	members, err := e.members(ctx)
	if err != nil {
		o.tell(ctx, "", err.Error())
		return nil
	}
	return members
}

// NoMachineError is a cluster none of whose machines could be asked.
type NoMachineError struct {
	Reasons map[string]error // by node
}

// Error gives each machine's reason a line.
func (e *NoMachineError) Error() string {
	return reasons("no machine of the cluster answers", e.Reasons)
}

// Unwrap returns the reasons.
func (e *NoMachineError) Unwrap() []error { return slices.Collect(maps.Values(e.Reasons)) }

// Hint is what to do about the first reason that has an advice.
func (e *NoMachineError) Hint() string { return firstHint(e.Reasons) }
