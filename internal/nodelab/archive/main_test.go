package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "kubelet@v1.2.3")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "site.tar")
	err := writeFile(path, []member{
		{name: "bin/kubelet", program: program},
		{name: "images/node/kubelet.tar", program: program, tag: "registry.example.com/kubelet:v1.2.3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	site := unpack(t, archive)
	if got := string(site["bin/kubelet"]); got != "program" {
		t.Errorf("bin/kubelet holds %q, want the program", got)
	}

	image := unpack(t, site["images/node/kubelet.tar"])
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	decode(t, image["manifest.json"], &manifest)
	if len(manifest) != 1 || len(manifest[0].Layers) != 1 {
		t.Fatalf("manifest.json is %s, want one image of one layer", image["manifest.json"])
	}
	if diff := cmp.Diff([]string{"registry.example.com/kubelet:v1.2.3"}, manifest[0].RepoTags); diff != "" {
		t.Error(diff)
	}
	layer := image[manifest[0].Layers[0]]
	if got := string(unpack(t, layer)["usr/local/bin/kubelet"]); got != "program" {
		t.Errorf("the image's program is %q", got)
	}
	var config struct {
		Config struct{ Entrypoint []string }
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	decode(t, image[manifest[0].Config], &config)
	if diff := cmp.Diff([]string{"sha256:" + digest(layer)}, config.RootFS.DiffIDs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"/usr/local/bin/kubelet"}, config.Config.Entrypoint); diff != "" {
		t.Error(diff)
	}
}

func decode(t *testing.T, data []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}

func unpack(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
