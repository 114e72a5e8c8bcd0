package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// generate writes the tree of the example, of which the demo takes a copy: it
// adds an environment to it later.
func (s *story) generate(ctx context.Context, _ func(string)) (string, error) {
	if err := os.CopyFS(s.platform(), os.DirFS(s.example)); err != nil {
		return "", err
	}
	took, err := s.runGenerate(ctx)
	if err != nil {
		return "", err
	}
	from, err := read(s.platform())
	if err != nil {
		return "", err
	}
	to, err := read(s.tree.Dir)
	if err != nil {
		return "", err
	}
	units := 0
	for name := range to {
		if filepath.Base(name) == "terragrunt.hcl" {
			units++
		}
	}
	return fmt.Sprintf("%d units, %d files from %d lines, in %d ms", units, len(to), lines(from), took.Milliseconds()), nil
}

func (s *story) platform() string { return filepath.Join(s.dir, "platform") }

func (s *story) runGenerate(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	err := s.runProgram(ctx, "generate", "-f", s.platform(), "-o", s.tree.Dir)
	return time.Since(began), err
}

// runProgram runs a command of the program that was built.
func (s *story) runProgram(ctx context.Context, args ...string) error {
	fmt.Fprintf(s.log, "\n$ terraform-provider-onprem %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, s.program, args...)
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = s.log, io.MultiWriter(s.log, &words)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", args[0], err, words.Bytes())
	}
	return nil
}

// laboratory is one more environment: all that a team writes for it.
const laboratory = `environment "lab" {
  domain   = "lab.example.internal"
  portal   = "https://accessportal.lab.example.com/guacamole"
  machines = { cp-01 = "192.168.20.11" }
  site "seoul" {
    as_number    = 64531
    node_cidr    = "192.168.20.0/24"
    pod_cidr     = "10.65.0.0/16"
    service_cidr = "10.161.0.0/16"
    api_vip      = "192.168.20.10"
    lb_range     = "192.168.20.180-192.168.20.200"
    switches     = ["192.168.20.1"]
    switch_as    = 65003
  }
}
`

// addEnvironment shows what one more environment costs.
func (s *story) addEnvironment(ctx context.Context, _ func(string)) (string, error) {
	before, err := read(s.tree.Dir)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(s.platform(), "lab.platform.hcl"), []byte(laboratory), 0o600); err != nil {
		return "", err
	}
	took, err := s.runGenerate(ctx)
	if err != nil {
		return "", err
	}
	after, err := read(s.tree.Dir)
	if err != nil {
		return "", err
	}
	created := 0
	for name, content := range after {
		old, existed := before[name]
		switch {
		case !existed:
			created++
		case !bytes.Equal(old, content) && ofEnvironment(name):
			return "", fmt.Errorf("%s changed, though only another environment was added", name)
		}
	}
	if created == 0 {
		return "", errors.New("no file was created")
	}
	return fmt.Sprintf("%d lines, %d files, in %d ms; stage and prod: 0 bytes changed",
		strings.Count(laboratory, "\n"), created, took.Milliseconds()), nil
}

func ofEnvironment(name string) bool {
	return strings.HasPrefix(name, "stage/") || strings.HasPrefix(name, "prod/")
}

// read reads the files of a tree, without what Terragrunt and Terraform leave in
// it.
func read(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	tree := os.DirFS(dir)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".terragrunt-cache":
			return fs.SkipDir
		case entry.IsDir() || entry.Name() == ".terraform.lock.hcl":
			return nil
		}
		files[name], err = fs.ReadFile(tree, name)
		return err
	})
	return files, err
}

func lines(files map[string][]byte) int {
	n := 0
	for _, content := range files {
		n += bytes.Count(content, []byte("\n"))
	}
	return n
}
