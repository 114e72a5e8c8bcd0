package cluster

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// operator is what is asked of package operate. Tests have another one, which
// needs no machines.
type operator interface {
	Observe(context.Context, operate.Target) (kubeadm.Observed, error)
	Apply(context.Context, operate.Target) (kubeadm.Observed, error)
	Destroy(context.Context, operate.Target) (gone []string, err error)
	Kubeconfig(context.Context, operate.Target) ([]byte, error)
	JoinToken(context.Context, operate.Target, time.Duration) (operate.JoinToken, error)
	Drain(context.Context, operate.Target, string) error
	Uncordon(context.Context, operate.Target, string) error
	Snapshot(context.Context, operate.Target) (string, error)
	RenewCertificates(context.Context, operate.Target) error
	Close()
}

// opener makes an operator for one operation.
type opener func(progress func(context.Context, operate.Event)) operator

func open(progress func(context.Context, operate.Event)) operator { return operate.New(progress) }

// work is one operation on one cluster.
type work struct {
	operator operator
	target   operate.Target
	progress *progress
}

// work prepares an operation that changes machines: those of m, and those of
// the state before. It is nil when that cannot be done.
func (r *clusterResource) work(ctx context.Context, m, prior *cluster, diags *diag.Diagnostics) *work {
	p, err := newProgress(clients.ExpandHome(m.ProgressFile.ValueString()))
	if err != nil {
		crud.Report(ctx, diags, "Unable to write the progress file", err)
		return nil
	}
	w := r.prepare(ctx, m, prior, p, diags)
	if w == nil {
		p.close(diags)
	}
	return w
}

// look prepares an operation that changes nothing.
func (r *clusterResource) look(ctx context.Context, m *cluster, diags *diag.Diagnostics) *work {
	return r.prepare(ctx, m, nil, &progress{}, diags)
}

func (r *clusterResource) prepare(ctx context.Context, m, prior *cluster, p *progress, diags *diag.Diagnostics) *work {
	settings, err := r.clients.SSH()
	if err != nil {
		crud.Report(ctx, diags, "Unable to log in to the machines", err)
		return nil
	}
	target := m.target()
	if target.Access, err = m.access(settings, prior); err != nil {
		crud.Report(ctx, diags, "Unable to log in to the machines", err)
		return nil
	}
	if prior != nil && target.CAHash == "" {
		target.CAHash = prior.CAHash.ValueString()
	}
	return &work{operator: r.open(p.tell), target: target, progress: p}
}

func (w *work) close(diags *diag.Diagnostics) {
	w.operator.Close()
	w.progress.close(diags)
}

// finish fills what the plan left open. A value that was known at plan stays:
// Terraform holds the provider to it, and the next refresh corrects it.
func (w *work) finish(ctx context.Context, m *cluster, o kubeadm.Observed, diags *diag.Diagnostics) error {
	status, expiry := m.NodeStatus, m.CertificatesExpireAt
	m.report(ctx, o, diags)
	if !status.IsUnknown() {
		m.NodeStatus = status
	}
	if !expiry.IsUnknown() {
		m.CertificatesExpireAt = expiry
	}
	if m.NodeActions.IsUnknown() {
		m.NodeActions = noActions()
	}
	if !m.StoreKubeconfig.ValueBool() {
		m.Kubeconfig = types.StringNull()
	}
	authorityKnown := !m.CACertificate.IsUnknown() && !m.CACertificate.IsNull()
	if authorityKnown && !m.Kubeconfig.IsUnknown() {
		return nil
	}
	text, err := w.operator.Kubeconfig(ctx, w.target)
	if err != nil {
		return fmt.Errorf("the kubeconfig cannot be read: %w", err)
	}
	k, err := parseKubeconfig(text)
	if err != nil {
		return err
	}
	if !authorityKnown {
		m.CACertificate = k.ClusterCACertificate
	}
	if m.Kubeconfig.IsUnknown() {
		m.Kubeconfig = k.Kubeconfig
	}
	return nil
}

// progress tells what is done: in the log, and in a file for people.
type progress struct {
	mu    sync.Mutex
	file  *os.File
	stage string
	err   error
}

// newProgress appends to a file; "" is none. Only its owner may read it: it
// names machines.
func newProgress(file string) (*progress, error) {
	if file == "" {
		return &progress{}, nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return &progress{file: f}, err
}

func (p *progress) tell(ctx context.Context, e operate.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fields := map[string]any{"stage": e.Stage, "node": e.Node, "done": e.Done, "total": e.Total}
	if e.Stage != p.stage {
		p.stage = e.Stage
		tflog.Info(ctx, e.Stage, map[string]any{"done": e.Done, "total": e.Total})
	}
	tflog.Debug(ctx, e.Text, fields)
	if p.file == nil || p.err != nil {
		return
	}
	_, p.err = p.file.WriteString(line(e))
}

// line is an event as a person reads it:
// 12:03:04 [3/14] Join control planes: cp-02: etcd member promoted.
func line(e operate.Event) string {
	return e.At.Format(time.TimeOnly) + " " + words(e) + "\n"
}

func words(e operate.Event) string {
	text := ""
	if e.Total > 0 {
		text = fmt.Sprintf("[%d/%d] ", e.Done, e.Total)
	}
	for _, part := range []string{e.Stage, e.Node} {
		if part != "" {
			text += part + ": "
		}
	}
	return text + e.Text
}

// close says when the file is not complete; the work itself did not suffer.
func (p *progress) close(diags *diag.Diagnostics) {
	if p.file == nil {
		return
	}
	err := p.file.Close()
	if p.err != nil {
		err = p.err
	}
	if err != nil {
		diags.AddWarning("The progress file is not complete", err.Error())
	}
}
