package nodesim

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// command is a command of kubeadm at work.
type command struct {
	*call
	options map[string]string
	docs    documents
	ignore  []string
}

// kubeadm is the program of that name.
func kubeadm(c *call) int {
	k := &command{call: c, options: map[string]string{}}
	var words []string
	for args := c.Args; len(args) > 0; args = args[1:] {
		name, value, given := strings.Cut(args[0], "=")
		switch {
		case !strings.HasPrefix(name, "-"):
			words = append(words, name)
			continue
		case slices.Contains([]string{"--config", "--kubernetes-version", "--image-repository", "-o", "--output", "--ttl", "--certificate-key", "--ignore-preflight-errors", "--skip-phases", "--cri-socket"}, name):
			if !given && len(args) > 1 {
				args = args[1:]
				value = args[0]
			}
		case slices.Contains([]string{"--upload-certs", "--skip-token-print", "--skip-certificate-key-print", "-f", "--force", "-y", "--yes"}, name):
		default:
			return c.unknown()
		}
		k.options[strings.TrimLeft(name, "-")] = value
	}
	verb := strings.Join(words, " ")
	run := map[string]func() error{
		"version": k.version, "config images list": k.listImages, "config validate": k.validate,
		"init": k.init, "join": k.join, "reset": k.reset, "upgrade plan": k.upgradePlan, "upgrade node": k.upgradeNode,
		"init phase upload-certs": k.uploadCerts, "init phase control-plane all": k.controlPlane, "init phase etcd local": k.localEtcd,
		"init phase certs apiserver": k.apiServerCertificate, "certs renew all": k.renew, "certs certificate-key": k.newCertificateKey,
	}[verb]
	if target, ok := strings.CutPrefix(verb, "upgrade apply"); ok {
		run = func() error { return k.upgradeApply(strings.TrimSpace(target)) }
	}
	if run == nil {
		return c.unknown()
	}
	if err := k.read(); err != nil {
		return c.fail("error: %v\nTo see the stack trace of this error execute with --v=5 or higher", err)
	}
	if err := run(); err != nil {
		return c.fail("error: %v\nTo see the stack trace of this error execute with --v=5 or higher", err)
	}
	return 0
}

// read reads the configuration file, when there is one.
func (k *command) read() (err error) {
	file, given := k.options["config"]
	if !given {
		return nil
	}
	if _, mixed := k.options["certificate-key"]; mixed {
		return fmt.Errorf("can not mix '--config' with arguments [certificate-key]")
	}
	k.docs, err = k.readDocuments(file)
	if err == nil && k.docs.Cluster != nil {
		*k.docs.Cluster = k.docs.Cluster.defaulted()
	}
	return err
}

func (k *command) version() error {
	switch k.options["o"] + k.options["output"] {
	case "short":
		k.printf("%s\n", k.Version)
	default:
		return fmt.Errorf("the simulator prints versions with -o short alone")
	}
	return nil
}

func (k *command) listImages() error {
	repository, version := k.options["image-repository"], k.options["kubernetes-version"]
	if repository == "" {
		repository = "registry.k8s.io"
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"} {
		k.printf("%s/%s:%s\n", repository, name, version)
	}
	k.printf("%s/coredns/coredns:v1.12.1\n%s/pause:3.10.1\n%s/etcd:%s\n", repository, repository, repository, etcdTag)
	return nil
}

func (k *command) validate() error {
	k.printf("ok\n")
	return nil
}

func (k *command) newCertificateKey() error {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return err
	}
	k.printf("%s\n", hex.EncodeToString(key[:]))
	return nil
}

// phase begins a part of a command: it fails when that was asked for, or when the process has ended.
func (k *command) phase(name, format string, args ...any) error {
	k.printf("[%s] %s\n", name, fmt.Sprintf(format, args...))
	if err := k.enter(name); err != nil {
		return fmt.Errorf("error execution phase %s: %w", name, err)
	}
	return nil
}

// skips tells whether a phase is to be left out.
func (k *command) skips(phase string) bool {
	return slices.Contains(strings.Split(k.options["skip-phases"], ","), phase)
}

// preflightError is a check that failed.
type preflightError struct{ name, text string }

// preflight reports all checks that failed at once.
func (k *command) preflight(failed []preflightError) error {
	if k.skips("preflight") {
		return nil
	}
	var fatal []string
	for _, f := range failed {
		if slices.Contains(k.ignore, f.name) || slices.Contains(k.ignore, "all") {
			k.printf("\t[WARNING %s]: %s\n", f.name, f.text)
			continue
		}
		fatal = append(fatal, fmt.Sprintf("\t[ERROR %s]: %s", f.name, f.text))
	}
	if len(fatal) == 0 {
		return k.phase("preflight", "Running pre-flight checks")
	}
	return fmt.Errorf("error execution phase preflight: [preflight] Some fatal errors occurred:\n%s\n[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`", strings.Join(fatal, "\n"))
}

// checkNode is what init and join check.
func (k *command) checkNode(ports []int, files, folders []string) []preflightError {
	var failed []preflightError
	if strings.TrimSpace(k.File("/proc/sys/net/ipv4/ip_forward")) != "1" {
		failed = append(failed, preflightError{"FileContent--proc-sys-net-ipv4-ip_forward", "/proc/sys/net/ipv4/ip_forward contents are not set to 1"})
	}
	if k.state("containerd.service") != "active" {
		failed = append(failed, preflightError{"CRI", "could not connect to the container runtime: rpc error: code = Unavailable"})
	}
	listening := k.listening()
	for _, port := range ports {
		if _, taken := listening[port]; taken {
			failed = append(failed, preflightError{fmt.Sprintf("Port-%d", port), fmt.Sprintf("Port %d is in use", port)})
		}
	}
	for _, file := range files {
		if k.Exists(file) {
			failed = append(failed, preflightError{"FileAvailable-" + strings.ReplaceAll(file, "/", "-"), file + " already exists"})
		}
	}
	for _, folder := range folders {
		if entries, err := os.ReadDir(k.host(folder)); err == nil && len(entries) > 0 {
			failed = append(failed, preflightError{"DirAvailable-" + strings.ReplaceAll(folder, "/", "-"), folder + " is not empty"})
		}
	}
	return failed
}

func manifestFiles() (files []string) {
	for _, name := range staticPods {
		files = append(files, manifests+name+".yaml")
	}
	return files
}

// checkVersion refuses a version of Kubernetes that is newer than this kubeadm by a minor one.
func (k *command) checkVersion(version string) error {
	if minorOf(version) > minorOf(k.Version) {
		return fmt.Errorf("this version of kubeadm only supports deploying clusters with the control plane version >= 1.%d.0. Current version: %s", minorOf(k.Version)-1, version)
	}
	return nil
}

func minorOf(version string) (minor int) {
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "1.%d.", &minor); err != nil {
		return 0
	}
	return minor
}

// startKubelet writes the kubelet's files and starts it.
func (k *command) startKubelet(config map[string]any, arguments []argument) error {
	if err := k.phase("kubelet-start", "Starting the kubelet"); err != nil {
		return err
	}
	if _, found := k.unitFile("kubelet.service"); !found {
		return fmt.Errorf("error execution phase kubelet-start: failed to start the kubelet: exit status 5: Unit kubelet.service not found")
	}
	flags := []string{"--container-runtime-endpoint=unix:///run/containerd/containerd.sock"}
	for _, a := range arguments {
		flags = append(flags, "--"+a.Name+"="+a.Value)
	}
	if err := k.writeFile("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS=\""+strings.Join(flags, " ")+"\"\n"); err != nil {
		return err
	}
	if err := k.writeFile(kubeletConfig, toYAML(config)); err != nil {
		return err
	}
	k.start("kubelet.service")
	if k.kubelet == "" {
		return fmt.Errorf("error execution phase wait-control-plane: the kubelet is not running: %s does not start", strings.Join(k.execStart("kubelet.service"), " "))
	}
	return nil
}

// reset undoes init and join.
func (k *command) reset() error {
	_, force := k.options["f"]
	_, forceLong := k.options["force"]
	if !force && !forceLong && (k.docs.Reset == nil || !k.docs.Reset.Force) {
		return fmt.Errorf("error execution phase preflight: aborted reset operation")
	}
	c := k.cluster
	dataDir := c.dataDir()
	if err := k.phase("reset", "Reading configuration from the cluster..."); err != nil {
		return err
	}
	if c != nil && c.quorum() && k.Exists(kubeletConf) && !k.skips("remove-etcd-member") {
		if e := c.memberOf(k.Machine); e != nil {
			if all, _ := c.voters(); all > 1 || e.learner {
				c.removeMember(e.id)
			}
		}
	}
	if u := k.units["kubelet.service"]; u != nil {
		u.state = "inactive"
	}
	k.pods, k.kubelet, k.cluster = map[string]string{}, "", nil
	for _, name := range []string{"pki", "admin.conf", "super-admin.conf", "kubelet.conf", "bootstrap-kubelet.conf", "controller-manager.conf", "scheduler.conf"} {
		if err := os.RemoveAll(k.host("/etc/kubernetes/" + name)); err != nil {
			return err
		}
	}
	for _, folder := range []string{manifests, "/var/lib/kubelet", dataDir} {
		entries, err := os.ReadDir(k.host(folder))
		if err != nil {
			continue
		}
		for _, e := range entries {
			if err := os.RemoveAll(k.host(folder + "/" + e.Name())); err != nil {
				return err
			}
		}
	}
	k.sim.observe()
	return k.phase("reset", "The reset process does not reset or clean up iptables rules or IPVS tables.")
}

// newToken makes a bootstrap token.
func (c *cluster) newToken(token, life string) error {
	if token == "" {
		var random [11]byte
		if _, err := rand.Read(random[:]); err != nil {
			return err
		}
		text := hex.EncodeToString(random[:])
		token = text[:6] + "." + text[6:]
	}
	ttl := 24 * time.Hour
	if life != "" {
		var err error
		if ttl, err = time.ParseDuration(life); err != nil {
			return err
		}
	}
	id, secret, _ := strings.Cut(token, ".")
	c.store.secret("bootstrap-token-"+id, "bootstrap.kubernetes.io/token", map[string]string{
		"token-id": id, "token-secret": secret, "expiration": time.Now().Add(ttl).UTC().Format(time.RFC3339),
		"usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true", "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
	})
	return nil
}
