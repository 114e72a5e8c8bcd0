package operate

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strconv"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

const snapshotDir = "/var/lib/onprem/etcd-snapshots"

// takeSnapshot writes its input beside file $1; keepSnapshot gives it its name
// when all of it has arrived, which only the sender knows.
const (
	takeSnapshot = `set -eu
umask 077
dir=$(dirname -- "$1")
mkdir -p -- "$dir"
chmod 700 -- "$dir"
cat >"$1.partial" || { rm -f -- "$1.partial"; exit 1; }`
	keepSnapshot = `set -eu
if [ "$(sha256sum <"$1.partial")" != "$2  -" ]; then
	rm -f -- "$1.partial"
	echo "the snapshot did not come through whole" >&2
	exit 1
fi
sync -- "$1.partial"
mv -f -- "$1.partial" "$1"`
)

var errSnapshotSum = errors.New("the snapshot does not have the checksum that etcd put at its end")

// snapshot keeps etcd's data in a file on a control plane, any one when node is
// empty, and returns which file. Its content never touches this machine's disk.
func (e *etcd) snapshot(ctx context.Context, node string) (string, error) {
	if node == "" {
		var err error
		if node, err = e.anyNode(ctx); err != nil {
			return "", err
		}
	}
	conn, err := e.o.conn(ctx, e.t, node)
	if err != nil {
		return "", err
	}
	member := e.o.etcdOn(e.t, node)
	defer member.close()
	client, err := member.connect(ctx)
	if err != nil {
		return "", err
	}
	file := path.Join(cmp.Or(e.t.SnapshotDir, snapshotDir), snapshotName(e.t.Cluster.Name, time.Now()))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream, whatever becomes of the file
	stream, err := openSnapshot(ctx, client, cancel)
	if err != nil {
		return "", &EtcdError{What: "taking a snapshot on " + node, Err: err}
	}
	defer stream.Close()

	sums := newSnapshotSums()
	write := remote.Script("writing "+file, takeSnapshot, file)
	write.Stdin = io.TeeReader(stream, sums)
	if _, err := conn.Run(ctx, write); err != nil {
		return "", err
	}
	if !sums.valid() {
		return "", errors.Join(&EtcdError{What: "taking a snapshot on " + node, Err: errSnapshotSum}, conn.Remove(ctx, file+".partial"))
	}
	_, err = conn.Run(ctx, remote.Script("writing "+file, keepSnapshot, file, fmt.Sprintf("%x", sums.all.Sum(nil))))
	e.o.tell(ctx, node, fmt.Sprintf("etcd snapshot of %s kept in %s", megabytes(sums.size), file))
	return file, err
}

// anyNode is a control plane whose member is well.
func (e *etcd) anyNode(ctx context.Context) (string, error) {
	client, err := e.connect(ctx)
	if err != nil {
		return "", err
	}
	for i, node := range e.through {
		for _, answer := range ask(ctx, client, []string{endpoint(i)}) {
			if answer.Leader != 0 {
				return node, nil
			}
		}
	}
	return "", &EtcdError{What: "looking for a member that is well", Err: rpctypes.ErrNoLeader}
}

// openSnapshot begins a snapshot. Its length cannot be foreseen, so that only the
// beginning is bounded: etcd's client would wait for a dead member for ever.
func openSnapshot(ctx context.Context, client *clientv3.Client, cancel context.CancelFunc) (io.ReadCloser, error) {
	late := time.AfterFunc(etcdPatience, cancel)
	defer late.Stop()
	answer, err := client.SnapshotWithVersion(ctx)
	if err != nil {
		return nil, err
	}
	return answer.Snapshot, nil
}

var noFileName = lazyregexp.New(`[^A-Za-z0-9._-]+`)

func snapshotName(cluster string, at time.Time) string {
	return noFileName.ReplaceAllString(cmp.Or(cluster, "kubernetes"), "-") + "-" + at.UTC().Format("20060102T150405Z") + ".db"
}

func megabytes(n int64) string { return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB" }

// snapshotSums follows a snapshot: a database in pages of 512 bytes, and the
// SHA-256 of it.
type snapshotSums struct {
	all, database hash.Hash
	tail          []byte // the last bytes, perhaps the checksum
	size          int64
}

func newSnapshotSums() *snapshotSums {
	return &snapshotSums{all: sha256.New(), database: sha256.New()}
}

// Write implements io.Writer.
func (s *snapshotSums) Write(p []byte) (int, error) {
	s.all.Write(p)
	s.size += int64(len(p))
	s.tail = append(s.tail, p...)
	if more := len(s.tail) - sha256.Size; more > 0 {
		s.database.Write(s.tail[:more])
		s.tail = append(s.tail[:0], s.tail[more:]...)
	}
	return len(p), nil
}

// valid reports whether the snapshot is whole.
func (s *snapshotSums) valid() bool {
	return s.size > sha256.Size && s.size%512 == sha256.Size && bytes.Equal(s.tail, s.database.Sum(nil))
}
