package operate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// siteFiles are the content of an archive by name; each file holds its own name.
var siteFiles = []string{
	"README", "./bin/kubeadm", "./bin/kubelet", "cni/bridge", "images/control-plane/etcd.tar", "images/node/pause.tar", "images/other/x.tar",
}

func writeArchive(t *testing.T, zip bool, names ...string) string {
	t.Helper()
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if zip {
		plain := content
		content = bytes.Buffer{}
		z := gzip.NewWriter(&content)
		if _, err := plain.WriteTo(z); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "site.tar")
	if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestArchive(t *testing.T) {
	want := map[kubeadm.Role]map[string]string{
		kubeadm.Worker: {
			"bin/kubeadm": "./bin/kubeadm", "bin/kubelet": "./bin/kubelet", "cni/bridge": "cni/bridge", "images/node/pause.tar": "images/node/pause.tar",
		},
		kubeadm.ControlPlane: {
			"bin/kubeadm": "./bin/kubeadm", "bin/kubelet": "./bin/kubelet", "cni/bridge": "cni/bridge", "images/node/pause.tar": "images/node/pause.tar",
			"images/control-plane/etcd.tar": "images/control-plane/etcd.tar",
		},
	}
	for name, zip := range map[string]bool{"tar": false, "tar.gz": true} {
		t.Run(name, func(t *testing.T) {
			file := writeArchive(t, zip, siteFiles...)
			a, err := readArchive(file, "")
			if err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(content); a.sha256 != hex.EncodeToString(sum[:]) {
				t.Errorf("its SHA-256 is %s, and %x was found to be it", a.sha256, sum)
			}
			if !a.has("bin/kubelet") || a.has("bin/kubectl") {
				t.Errorf("it holds %v", a.sizes)
			}
			for role, files := range want {
				var stream bytes.Buffer
				if err := a.stream(t.Context(), &stream, role); err != nil {
					t.Fatal(err)
				}
				got := untar(t, &stream)
				if diff := cmp.Diff(files, got); diff != "" {
					t.Errorf("%s: %s", role, diff)
				}
				if size := int64(len(strings.Join(values(got), ""))); a.size(role) != size {
					t.Errorf("%s: %d bytes are announced, and %d came", role, a.size(role), size)
				}
			}
		})
	}
}

func untar(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for tr := tar.NewReader(r); ; {
		header, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		files[header.Name] = string(content)
	}
}

func values(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

func TestArchiveThatCannotBeUsed(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "site.tar")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("no tar "), 200), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ file, sum, want string }{
		"not there":         {"/nowhere/site.tar", "", "no such file"},
		"not a tar":         {garbage, "", "cannot be read"},
		"another checksum":  {writeArchive(t, false, siteFiles...), strings.Repeat("0", 64), "its SHA-256 is"},
		"without a kubelet": {writeArchive(t, false, "bin/kubeadm"), "", "there is no bin/kubelet in it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readArchive(tt.file, tt.sum)
			var failed *ArchiveError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) || failed.Hint() == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}
