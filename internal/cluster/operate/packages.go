package operate

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

const (
	localBin = "/usr/local/bin" // where the programs of an archive go
	varDir   = "/var/lib/onprem/"

	packagesTimeout = 20 * time.Minute
	unpackTimeout   = 10 * time.Minute
)

var (
	//go:embed scripts/versions.sh
	versionsScript string
	//go:embed scripts/packages.sh
	packagesScript string
	//go:embed scripts/unpack.sh
	unpackScript string
)

// install makes programs of Kubernetes (kubeadm, kubelet, kubectl) have the cluster's version on a machine.
func (w *work) install(ctx context.Context, node string, role kubeadm.Role, programs ...string) error {
	if !w.target.Packages.Manage {
		return w.checkInstalled(ctx, node, programs)
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	if w.target.Packages.Archive != "" {
		err = w.installArchive(ctx, conn, node, role, programs)
	} else {
		err = w.installPackages(ctx, conn, node, programs)
	}
	if err != nil {
		return err
	}
	return w.checkInstalled(ctx, node, programs)
}

// VersionError is a program that is not of the version it must have.
type VersionError struct {
	Node, Program, Have, Want, Advice string
}

func (e *VersionError) Error() string {
	have := e.Have
	if have == "" {
		have = "not installed"
	}
	return fmt.Sprintf("%s: %s is %s, and must be %s", e.Node, e.Program, have, e.Want)
}

// Hint implements the hint of an error.
func (e *VersionError) Hint() string { return e.Advice }

func (w *work) checkInstalled(ctx context.Context, node string, programs []string) error {
	have, err := w.installed(ctx, node)
	if err != nil {
		return err
	}
	advice := "Install that version there: `manage_packages` is false."
	switch p := w.target.Packages; {
	case p.Manage && p.Archive != "":
		advice = "The archive holds another version: give the one of " + w.target.Cluster.Version + "."
	case p.Manage:
		advice = "The package repository does not have that version, or another program comes before it in the PATH."
	}
	for _, program := range programs {
		if program == "kubectl" { // nothing here needs it
			continue
		}
		if have[program] != w.target.Cluster.Version {
			return &VersionError{node, program, have[program], w.target.Cluster.Version, advice}
		}
	}
	return nil
}

// installed are the versions of the programs on a machine, without "v", by name, and the archives that were unpacked
// there, as names of stamps.
func (w *work) installed(ctx context.Context, node string) (map[string]string, error) {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return nil, err
	}
	result, err := conn.Run(ctx, remote.Script("asking for versions", versionsScript))
	if err != nil {
		return nil, err
	}
	have := map[string]string{}
	for line := range strings.Lines(result.Text()) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), "=")
		have[name] = strings.TrimPrefix(version, "v")
	}
	return have, nil
}

// installPackages installs from a repository. It asks the package manager every time: only that knows what a
// program needs beside it.
func (w *work) installPackages(ctx context.Context, conn *remote.Conn, node string, programs []string) error {
	version := w.target.Cluster.Version
	minor := "v" + version[:max(0, strings.LastIndex(version, "."))]
	expand := func(url string) string { return strings.ReplaceAll(url, "%s", minor) }
	p := w.target.Packages
	w.tell(ctx, node, "installing "+strings.Join(programs, ", ")+" "+version)
	args := append([]string{"sh", "-c", packagesScript, "sh", version, expand(p.Repository), expand(p.RepositoryKey)}, programs...)
	_, err := conn.RunJob(ctx, remote.Job{Name: "packages", Argv: args, Timeout: packagesTimeout}, nil)
	return err
}

// installArchive copies what the node's role needs of the archive to the machine, once, and puts programs into place.
func (w *work) installArchive(ctx context.Context, conn *remote.Conn, node string, role kubeadm.Role, programs []string) error {
	archive, err := w.archive()
	if err != nil {
		return err
	}
	programs = slices.DeleteFunc(slices.Clone(programs), func(p string) bool { return !archive.has("bin/" + p) })
	have, err := w.installed(ctx, node)
	if err != nil {
		return err
	}
	stamp := fmt.Sprintf("archive-%s-%s", archive.sha256, role)
	current := func(program string) bool { return have[program] == w.target.Cluster.Version }
	if have[stamp] == complete && !slices.ContainsFunc(programs, func(p string) bool { return !current(p) }) {
		return nil
	}
	return w.unpack(ctx, conn, node, role, archive, stamp, have[stamp] == incomplete, programs)
}

// What scripts/versions.sh says of an archive.
const (
	complete   = "complete"
	incomplete = "incomplete"
)

// restoreImages brings back images of the archive that the kubelet has deleted to make room: without a registry, a
// static pod that is to be started again would not start.
func (w *work) restoreImages(ctx context.Context, node string, role kubeadm.Role) error {
	if !w.target.Packages.Manage || w.target.Packages.Archive == "" {
		return nil
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	archive, err := w.archive()
	if err != nil {
		return err
	}
	have, err := w.installed(ctx, node)
	if err != nil {
		return err
	}
	stamp := fmt.Sprintf("archive-%s-%s", archive.sha256, role)
	if have[stamp] != incomplete {
		return nil
	}
	w.tell(ctx, node, "images were deleted there to make room on the disk: bringing them back")
	return w.unpack(ctx, conn, node, role, archive, stamp, true, nil)
}

// unpack copies the archive to the machine, unless it is there, and makes it take what it needs of it.
func (w *work) unpack(ctx context.Context, conn *remote.Conn, node string, role kubeadm.Role, a *archive, stamp string, again bool, programs []string) error {
	folder := varDir + "staging-" + strings.TrimPrefix(stamp, "archive-")
	if again { // what is left of an earlier copy has no images any more
		if _, err := conn.Run(ctx, remote.Command{Argv: []string{"rm", "-rf", "--", varDir + stamp, folder}}); err != nil {
			return err
		}
	}
	there, err := conn.Exists(ctx, folder)
	if err != nil {
		return err
	}
	if !there {
		if err := w.send(ctx, conn, node, role, a, folder); err != nil {
			return err
		}
	}
	w.tell(ctx, node, "unpacking the archive")
	args := append([]string{"sh", "-c", unpackScript, "sh", folder, stamp}, programs...)
	_, err = conn.RunJob(ctx, remote.Job{Name: "unpack", Argv: args, Timeout: unpackTimeout}, nil)
	return err
}

// send streams what a role needs of the archive into a folder of the machine.
func (w *work) send(ctx context.Context, conn *remote.Conn, node string, role kubeadm.Role, a *archive, folder string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, writer := io.Pipe()
	defer reader.Close()
	go func() { writer.CloseWithError(a.stream(ctx, writer, role)) }()

	total := a.size(role) >> 20
	last := time.Now()
	return conn.Unpack(ctx, folder, reader, func(sent int64) {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			w.tell(ctx, node, fmt.Sprintf("copying the archive: %d of %d MB", sent>>20, total))
		}
	})
}
