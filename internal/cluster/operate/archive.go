package operate

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// archive is a site's archive on this machine.
type archive struct {
	path   string
	sha256 string
	sizes  map[string]int64 // of the files that nodes may need, by name
}

// ArchiveError is an archive that cannot be used.
type ArchiveError struct {
	Path, Problem, Advice string
}

func (e *ArchiveError) Error() string { return "the archive " + e.Path + ": " + e.Problem }

// Hint implements the hint of an error.
func (e *ArchiveError) Hint() string { return e.Advice }

const archiveLayout = "It is a tar or tar.gz with bin/kubeadm and bin/kubelet (and bin/kubectl), cni/* and images/control-plane/*.tar, images/node/*.tar."

// readArchive looks through an archive once: for its checksum, which must be the one that is wanted if any is, and for
// what it holds.
func readArchive(file, wantSHA256 string) (*archive, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &ArchiveError{file, err.Error(), "Check `archive`: it is a path on the machine that runs Terraform."}
	}
	defer f.Close()
	a := &archive{path: file, sizes: map[string]int64{}}
	hash := sha256.New()
	source := io.TeeReader(f, hash)
	if err := eachFile(source, func(name string, size int64, _ io.Reader) error {
		a.sizes[name] = size
		return nil
	}); err != nil {
		return nil, &ArchiveError{file, "it cannot be read: " + err.Error(), archiveLayout}
	}
	if _, err := io.Copy(io.Discard, source); err != nil { // what follows the end of the tar
		return nil, &ArchiveError{file, "it cannot be read: " + err.Error(), archiveLayout}
	}
	a.sha256 = hex.EncodeToString(hash.Sum(nil))
	if wantSHA256 != "" && !strings.EqualFold(wantSHA256, a.sha256) {
		return nil, &ArchiveError{file, fmt.Sprintf("its SHA-256 is %s, not %s", a.sha256, wantSHA256), "Copy it again, or correct its checksum in the configuration."}
	}
	for _, name := range []string{"bin/kubeadm", "bin/kubelet"} {
		if a.sizes[name] == 0 {
			return nil, &ArchiveError{file, "there is no " + name + " in it", archiveLayout}
		}
	}
	return a, nil
}

// has reports whether a file is in the archive.
func (a *archive) has(name string) bool { return a.sizes[name] > 0 }

// size is how much a node of a role gets of it, in bytes.
func (a *archive) size(role kubeadm.Role) int64 {
	var sum int64
	for name, size := range a.sizes {
		if isFor(name, role) {
			sum += size
		}
	}
	return sum
}

// stream writes what a node of a role needs, as a tar.
func (a *archive) stream(ctx context.Context, w io.Writer, role kubeadm.Role) error {
	f, err := os.Open(a.path)
	if err != nil {
		return err
	}
	defer f.Close()
	out := tar.NewWriter(w)
	err = eachFile(f, func(name string, size int64, content io.Reader) error {
		if !isFor(name, role) {
			return ctx.Err()
		}
		if err := out.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o755}); err != nil {
			return err
		}
		_, err := io.Copy(out, content)
		return err
	})
	return errors.Join(err, out.Close())
}

// eachFile calls use for every file of a tar, compressed or not, that a node may need.
func eachFile(source io.Reader, use func(name string, size int64, content io.Reader) error) error {
	if f, ok := source.(*os.File); !ok || !isTar(f) {
		buffered := bufio.NewReader(source)
		source = buffered
		if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
			unzipped, err := gzip.NewReader(buffered)
			if err != nil {
				return err
			}
			source = unzipped
		}
	}
	// Of a file that is not compressed, the reader skips what nobody asks for.
	files := tar.NewReader(source)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean(header.Name)
		if header.Typeflag != tar.TypeReg || !isFor(name, kubeadm.ControlPlane) {
			continue
		}
		if err := use(name, header.Size, files); err != nil {
			return err
		}
	}
}

// isTar reports whether a file is not compressed, and leaves it at its beginning.
func isTar(f *os.File) bool {
	var magic [2]byte
	_, err := f.ReadAt(magic[:], 0)
	return err == nil && magic != [2]byte{0x1f, 0x8b}
}

// isFor reports whether a file of the archive is for nodes of a role. Everything is for control planes.
func isFor(name string, role kubeadm.Role) bool {
	switch path.Dir(name) {
	case "bin", "cni", "images/node":
		return true
	case "images/control-plane":
		return role == kubeadm.ControlPlane
	}
	return false
}
