package remote

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

func TestWriteFile(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	path := m.path("etc/it's here/$(file)\n.conf")
	binary := string([]byte{0, 1, 0xff, '\n', '\r'}) + strings.Repeat("x", 1<<20)
	for _, step := range []struct {
		name, content string
		mode          fs.FileMode
		changed       bool
	}{
		{"new", "one\n", 0o600, true},
		{"the same", "one\n", 0o600, false},
		{"other content", "two", 0o600, true},
		{"other mode", "two", 0o644, true},
		{"the same again", "two", 0o644, false},
		{"empty", "", 0o644, true},
		{"binary and large", binary, 0o640, true},
	} {
		changed, err := c.WriteFile(t.Context(), path, []byte(step.content), step.mode)
		if err != nil || changed != step.changed {
			t.Fatalf("%s: changed %t, %v", step.name, changed, err)
		}
		assertFile(t, path, step.content, step.mode)
		if got, err := c.ReadFile(t.Context(), path); err != nil || string(got) != step.content {
			t.Fatalf("%s: read back %d bytes, %v", step.name, len(got), err)
		}
	}
	assertAlone(t, path)
}

func assertFile(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != content {
		t.Fatalf("%s has %d bytes, %v, want %d", path, len(got), err, len(content))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
		t.Fatalf("%s has mode %s, %v, want %s", path, info.Mode(), err, mode)
	}
}

// assertAlone makes sure that nothing was left behind beside a file.
func assertAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("in the folder: %v, %v", entries, err)
	}
}

func TestCutWriteLeavesTheOldFile(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	path := m.path("etc/file")
	write := Script("writing", writeFile, path, "600", strings.Repeat("0", 64))
	if _, err := c.WriteFile(t.Context(), path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	write.Stdin = strings.NewReader("ne") // and then the connection is gone
	_, err := c.Run(t.Context(), write)
	if e := failure[*ExitError](t, err); !strings.Contains(e.Output, "did not come through") {
		t.Error(e)
	}
	upload := Script("uploading", upload, path, "600", "3")
	upload.Stdin = strings.NewReader("ne")
	_, err = c.Run(t.Context(), upload)
	_ = failure[*ExitError](t, err)
	assertFile(t, path, "old", 0o600)
	assertAlone(t, path)
}

func TestWriteIsRepeatedWhenTheConnectionBreaks(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	m.CutAfter(64 << 10)
	c := m.dial(t)
	content := strings.Repeat("content", 64<<10)
	if _, err := c.WriteFile(t.Context(), m.path("etc/file"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	assertFile(t, m.path("etc/file"), content, 0o600)
	if n := m.Connections(); n != 2 {
		t.Errorf("%d connections, want 2: it was not cut", n)
	}
}

func TestReadFiles(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	files := map[string]string{m.path("a"): "a", m.path("empty"): "", m.path("-b $x"): "\x00\xff\n\n"}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := len(m.Commands())
	read, err := c.ReadFiles(t.Context(), m.path("a"), m.path("missing"), m.path("empty"), m.path("-b $x"), m.path("no/folder"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for path, content := range read {
		got[path] = string(content)
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Error(diff)
	}
	if trips := len(m.Commands()) - before; trips != 1 {
		t.Errorf("%d round trips", trips)
	}
	if _, err := c.ReadFile(t.Context(), m.path("missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	_, err = c.ReadFile(t.Context(), m.root)
	if e := failure[*ExitError](t, err); !strings.Contains(e.Output, "is not a file") {
		t.Error(e)
	}
}

func TestRemove(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	path := m.path("-rf *")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if got, err := c.Exists(t.Context(), path); err != nil || got != want {
			t.Errorf("exists: %t, %v, want %t", got, err, want)
		}
		if err := c.Remove(t.Context(), path, m.path("missing")); err != nil {
			t.Error(err)
		}
	}
	_ = failure[*ExitError](t, c.Remove(t.Context(), m.path("units")))
}

func TestUpload(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	content := strings.Repeat("content", 1<<19)
	var sent int64
	progress := func(n int64) { sent = n }
	path := m.path("images/a.tar")
	if err := c.Upload(t.Context(), path, strings.NewReader(content), int64(len(content)), 0o644, progress); err != nil {
		t.Fatal(err)
	}
	assertFile(t, path, content, 0o644)
	if sent != int64(len(content)) {
		t.Errorf("progress ended at %d of %d", sent, len(content))
	}
	assertAlone(t, path)
}

func TestUnpack(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	folder := m.path("opt/new")
	for _, zipped := range []bool{false, true} {
		content := strings.Repeat("binary", 1<<16)
		if err := c.Unpack(t.Context(), folder, bytes.NewReader(archive(t, zipped, content)), nil); err != nil {
			t.Fatal(err)
		}
		assertFile(t, filepath.Join(folder, "bin/kubeadm"), content, 0o755)
	}
	t.Run("broken off", func(t *testing.T) {
		whole := archive(t, false, "other")
		cut := io.MultiReader(bytes.NewReader(whole[:1024]), brokenReader{})
		if err := c.Unpack(t.Context(), folder, cut, nil); !errors.Is(err, errBroken) {
			t.Errorf("got %v", err)
		}
		if got, err := os.ReadFile(filepath.Join(folder, "bin/kubeadm")); err != nil || string(got) == "other" {
			t.Errorf("the old folder is not what it was: %v", err)
		}
	})
}

func archive(t *testing.T, zipped bool, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	var out io.Writer = &b
	var zip *gzip.Writer
	if zipped {
		zip = gzip.NewWriter(&b)
		out = zip
	}
	w := tar.NewWriter(out)
	err := errors.Join(
		w.WriteHeader(&tar.Header{Name: "bin/kubeadm", Mode: 0o755, Size: int64(len(content))}),
		func() error { _, err := io.WriteString(w, content); return err }(),
		w.Close(),
	)
	if zip != nil {
		err = errors.Join(err, zip.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
