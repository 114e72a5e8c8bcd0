package nodesim

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
)

// Archive writes an archive of a version of Kubernetes, as a site without a network brings it to its machines, and
// returns its path.
func (s *Sim) Archive(version string) string {
	s.t.Helper()
	files := map[string]string{
		"cni/bridge":                         binary("plugin", "bridge"),
		"images/control-plane/apiserver.tar": "image\n",
		"images/node/pause.tar":              "image\n",
	}
	for _, program := range []string{"kubeadm", "kubelet", "kubectl"} {
		files["bin/"+program] = binary(program, "v"+version)
	}
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			s.t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(s.dir, "kubernetes-"+version+".tar")
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}
