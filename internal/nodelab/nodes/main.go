// Command nodes boots machines to try the cluster resource on, and keeps them until it is interrupted or the command
// that it is given has ended. `make nodes` runs it.
//
//	go run ./internal/nodelab/nodes -n 4 [command [argument...]]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

func main() {
	n := flag.Int("n", 3, "how many machines")
	flag.Parse()
	nodelab.Main(func() int {
		if err := run(context.Background(), *n, flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "nodes:", err)
			return 1
		}
		return 0
	})
}

func run(ctx context.Context, n int, command []string) error {
	lab, err := nodelab.Start()
	if err != nil {
		return err
	}
	defer lab.Close()
	knownHosts := filepath.Join(filepath.Dir(lab.PrivateKey), "known_hosts")
	hosts, err := os.Create(knownHosts)
	if err != nil {
		return err
	}
	defer hosts.Close()
	for i := range n {
		node, err := lab.Node(fmt.Sprintf("node-%d", i+1), fmt.Sprintf("10.77.0.%d", 11+i))
		if err != nil {
			return err
		}
		fmt.Fprintln(hosts, node.Address, node.HostKey)
		fmt.Printf("%s is up, %s\n", node.Name, node.Address)
	}
	if len(command) == 0 {
		command = []string{"sleep", "infinity"}
		fmt.Printf(`
Users: root with the key, %[1]s with the key or password %[2]s, which is also sudo's.
  key          %[3]s
  host keys    %[4]s
  archive      %[5]s
To run something where it reaches the machines, in another terminal:
  %[6]s ssh -i %[3]s -o UserKnownHostsFile=%[4]s root@10.77.0.11
Ctrl-C ends the machines.
`, nodelab.User, nodelab.Password, lab.PrivateKey, knownHosts, lab.Archive(nodelab.Version), lab.Enter())
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "NODES_KEY="+lab.PrivateKey, "NODES_KNOWN_HOSTS="+knownHosts)
	return cmd.Run()
}
