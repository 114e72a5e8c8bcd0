// Command archive writes the site archive of a Kubernetes version, as the cluster resource takes it where machines
// reach no registry: programs, CNI plugins, and images that each hold one static program.
//
//	go run ./internal/nodelab/archive -version v1.34.4 .tools kubernetes-v1.34.4.tar
package main

import (
	"archive/tar"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	version := flag.String("version", "", "Kubernetes version, with v")
	suffix := flag.String("suffix", "", "what follows the names of that version's programs in bin: @v1.34.5")
	flag.Parse()
	tools, path := flag.Arg(0), flag.Arg(1)
	if err := writeFile(path, contents(tools, *version, *suffix)); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

// member is a file of the archive: a program as it is, or an image of it when it has a tag.
type member struct {
	name, program, tag string
}

// contents lists what a site archive of the version holds. Images have the names that kubeadm asks for.
func contents(tools, version, suffix string) []member {
	bin := func(name string) string { return filepath.Join(tools, "bin", name) }
	members := []member{
		{name: "images/control-plane/etcd.tar", program: bin("etcd"), tag: "registry.k8s.io/etcd:3.6.5-0"},
		{name: "images/control-plane/kube-vip.tar", program: bin("kubevip"), tag: "ghcr.io/kube-vip/kube-vip:v0.9.2"},
		{name: "images/node/pause.tar", program: bin("pause"), tag: "registry.k8s.io/pause:3.10.1"},
	}
	for _, name := range []string{"kubeadm", "kubelet"} {
		members = append(members, member{name: "bin/" + name, program: bin(name + suffix)})
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		members = append(members, member{
			name:    "images/control-plane/" + name + ".tar",
			program: bin(name + suffix),
			tag:     "registry.k8s.io/" + name + ":" + version,
		})
	}
	for _, name := range []string{"bridge", "host-local", "loopback", "portmap"} {
		members = append(members, member{name: "cni/" + name, program: filepath.Join(tools, "nodes/rootfs/usr/lib/cni", name)})
	}
	return members
}

func writeFile(path string, members []member) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := write(tar.NewWriter(f), members); err != nil {
		return err
	}
	return f.Close()
}

func write(w *tar.Writer, members []member) error {
	for _, m := range members {
		content, err := os.ReadFile(m.program)
		if err != nil {
			return err
		}
		if m.tag != "" {
			if content, err = image(m.tag, filepath.Base(m.program), content); err != nil {
				return err
			}
		}
		if err := add(w, file{m.name, 0o755, content}); err != nil {
			return err
		}
	}
	return w.Close()
}
