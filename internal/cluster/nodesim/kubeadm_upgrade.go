package nodesim

import (
	"cmp"
	"errors"
	"fmt"

	"golang.org/x/mod/semver"
	"sigs.k8s.io/yaml"
)

// upgradePlan checks what an upgrade would do.
func (k *command) upgradePlan() error {
	c, err := k.own()
	if err != nil {
		return err
	}
	k.printf("[upgrade/versions] Cluster version: %s\n[upgrade/versions] kubeadm version: %s\n", c.config().KubernetesVersion, k.Version)
	return nil
}

// upgradeApply upgrades the first control plane, and the cluster's configuration with it.
func (k *command) upgradeApply(target string) error {
	c, err := k.own()
	if err != nil {
		return err
	}
	if k.docs.Upgrade != nil {
		target = cmp.Or(target, k.docs.Upgrade.Apply.KubernetesVersion)
		k.ignore = k.docs.Upgrade.Apply.IgnorePreflightErrors
	}
	config := c.config()
	if complaint := checkUpgrade(config.KubernetesVersion, target, k.Version); complaint != "" {
		return fmt.Errorf("[upgrade/version] FATAL: the --version argument is invalid due to these fatal errors:\n\n\t- %s\n\nPlease fix the misalignments highlighted above and try upgrading again", complaint)
	}
	var failed []preflightError
	if config.DNS.Disabled {
		failed = append(failed, preflightError{"CoreDNSUnsupportedPlugins", "start version '' not supported"}, preflightError{"CoreDNSMigration", "CoreDNS will not be upgraded: start version '' not supported"})
	}
	if !c.schedulable() {
		failed = append(failed, preflightError{"CreateJob", `Job "upgrade-health-check" in the namespace "kube-system" did not complete in 15s: client rate limiter Wait returned an error: context deadline exceeded`})
	}
	if err := k.preflight(failed); err != nil {
		return err
	}
	config.KubernetesVersion = target
	for _, name := range staticPods {
		if err := k.phase("upgrade/staticpods", "Preparing for %q upgrade", name); err != nil {
			return err
		}
		if err := k.writeManifest(name, config); err != nil {
			return err
		}
		k.Machine.observe()
	}
	if err := k.renew(); err != nil {
		return err
	}
	if err := k.phase("upload-config", "Storing the configuration used in ConfigMap \"kubeadm-config\" in the \"kube-system\" Namespace"); err != nil {
		return err
	}
	c.storeConfig(config)
	c.store.configMap("kube-system", "kubelet-config", map[string]string{"kubelet": c.store.configMapData("kubelet-config", "kubelet")})
	if err := k.writeKubeletConfig(c); err != nil {
		return err
	}
	k.printf("[upgrade] SUCCESS! A control plane node of your cluster was upgraded to %q.\n", target)
	return nil
}

// checkUpgrade says what kubeadm has against an upgrade, "" for nothing.
func checkUpgrade(from, to, tool string) string {
	switch {
	case semver.Compare(to, tool) > 0:
		return fmt.Sprintf("Specified version to upgrade to %q is higher than the kubeadm version %q. Upgrade kubeadm first using the tool you used to install kubeadm", to, tool)
	case minorOf(to) > minorOf(from)+1:
		return fmt.Sprintf("Specified version to upgrade to %q is too high; kubeadm can upgrade only 1 minor version at a time", to)
	case semver.Compare(to, from) < 0:
		return fmt.Sprintf("Specified version to upgrade to %q is too low; the simulator does not downgrade", to)
	}
	return ""
}

// schedulable tells whether a pod finds a node.
func (c *cluster) schedulable() bool {
	for _, o := range c.store.list("nodes", "") {
		if n := c.store.node(o.GetName()); isReady(n) && !n.Spec.Unschedulable {
			return true // the Job tolerates the taint of control planes
		}
	}
	return false
}

// upgradeNode brings the machine to the version that the cluster's configuration names.
func (k *command) upgradeNode() error {
	k.sim.observe()
	c := k.cluster
	if c == nil || !k.Exists(kubeletConf) {
		return errors.New("couldn't create a Kubernetes client from file \"/etc/kubernetes/kubelet.conf\": failed to load admin kubeconfig: open /etc/kubernetes/kubelet.conf: no such file or directory")
	}
	if !c.quorum() {
		return errEtcdTimeout
	}
	config := c.config()
	if minorOf(config.KubernetesVersion) > minorOf(k.Version) {
		return fmt.Errorf("this version of kubeadm cannot upgrade to %s", config.KubernetesVersion)
	}
	if k.Exists(manifests + "kube-apiserver.yaml") {
		for _, name := range staticPods {
			if err := k.phase("upgrade/staticpods", "Preparing for %q upgrade", name); err != nil {
				return err
			}
			if err := k.writeManifest(name, config); err != nil {
				return err
			}
			k.Machine.observe()
		}
		if err := k.renew(); err != nil {
			return err
		}
	}
	return k.writeKubeletConfig(c)
}

func (k *command) writeKubeletConfig(c *cluster) error {
	var config map[string]any
	if err := yaml.Unmarshal([]byte(c.store.configMapData("kubelet-config", "kubelet")), &config); err != nil {
		return err
	}
	if err := k.phase("kubelet-config", "Writing kubelet configuration to file %q", kubeletConfig); err != nil {
		return err
	}
	return k.writeFile(kubeletConfig, toYAML(config))
}
