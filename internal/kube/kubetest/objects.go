package kubetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

const calicoService = "calico-api"

var (
	crds = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// Create creates the objects of a YAML or JSON stream, status included where the kind has no status subresource.
// Objects that exist are left alone.
func (c *Cluster) Create(ctx context.Context, stream io.Reader) error {
	objects, err := decode(stream)
	if err != nil {
		return err
	}
	for _, obj := range objects {
		if err := c.create(ctx, obj); err != nil {
			return err
		}
	}
	return nil
}

func decode(stream io.Reader) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(stream, 4096)
	for {
		obj := &unstructured.Unstructured{}
		err := decoder.Decode(&obj.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(obj.Object) > 0 {
			objects = append(objects, obj)
		}
	}
}

func (c *Cluster) create(ctx context.Context, obj *unstructured.Unstructured) error {
	_, err := c.resource(obj).Create(ctx, obj, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating %s %q: %w", obj.GetKind(), obj.GetName(), err)
	}
	return nil
}

// resource guesses the plural of an object's kind; the guess holds for every kind used here and saves discovery.
func (c *Cluster) resource(obj *unstructured.Unstructured) dynamic.ResourceInterface {
	plural, _ := meta.UnsafeGuessKindToResource(obj.GroupVersionKind())
	if ns := obj.GetNamespace(); ns != "" {
		return c.client.Resource(plural).Namespace(ns)
	}
	return c.client.Resource(plural)
}

func namespace(name string) *unstructured.Unstructured {
	return object("v1", "Namespace", name, nil)
}

func object(apiVersion, kind, name string, fields map[string]any) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name}}}
	for k, v := range fields {
		obj.Object[k] = v
	}
	return obj
}

// installCRDs creates the definitions side by side and waits until all are served.
func (c *Cluster) installCRDs(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(c.run.tools, "crds", "*.yaml"))
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, file := range files {
		group.Go(func() error {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return c.Create(groupCtx, bytes.NewReader(content))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return c.run.await(ctx, "CustomResourceDefinitions", func() error { return c.established(ctx, len(files)) })
}

func (c *Cluster) established(ctx context.Context, want int) error {
	list, err := c.client.Resource(crds).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(list.Items) < want {
		return fmt.Errorf("%d of %d exist", len(list.Items), want)
	}
	for _, crd := range list.Items {
		if !hasCondition(&crd, "Established") {
			return fmt.Errorf("%s is not established", crd.GetName())
		}
	}
	return nil
}

func hasCondition(obj *unstructured.Unstructured, condition string) bool {
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == condition && c["status"] == "True" {
			return true
		}
	}
	return false
}

// registerCalico makes kube-apiserver pass projectcalico.org/v3 on to Calico's server. A Service without selector
// cannot point at loopback, one that is an alias of localhost can.
func (c *Cluster) registerCalico(ctx context.Context) error {
	service := object("v1", "Service", calicoService, map[string]any{"spec": map[string]any{
		"type": "ExternalName", "externalName": "localhost",
		"ports": []any{map[string]any{"port": int64(c.run.calico), "protocol": "TCP"}},
	}})
	service.SetNamespace(CalicoNamespace)
	if err := c.create(ctx, service); err != nil {
		return err
	}
	return c.create(ctx, object("apiregistration.k8s.io/v1", "APIService", "v3.projectcalico.org", map[string]any{"spec": map[string]any{
		"group": "projectcalico.org", "version": "v3", "groupPriorityMinimum": int64(1500), "versionPriority": int64(200),
		"caBundle": c.run.caBundle(),
		"service":  map[string]any{"namespace": CalicoNamespace, "name": calicoService, "port": int64(c.run.calico)},
	}}))
}

// registerMetalLB installs MetalLB's own webhook configuration, with the server on loopback in the place of its Service.
func (c *Cluster) registerMetalLB(ctx context.Context) error {
	file, err := os.Open(filepath.Join(c.run.tools, "crds", "webhooks", "manifests.yaml"))
	if err != nil {
		return err
	}
	defer file.Close()
	configurations, err := decode(file)
	if err != nil {
		return err
	}
	for _, obj := range configurations {
		obj.SetName(webhookConfiguration)
		for webhook, client := range webhooks(obj) {
			path, _, _ := unstructured.NestedString(client, "service", "path")
			webhook["clientConfig"] = map[string]any{"url": fmt.Sprintf("https://127.0.0.1:%d%s", webhookPort, path), "caBundle": c.run.caBundle()}
		}
		if err := c.create(ctx, obj); err != nil {
			return err
		}
	}
	return nil
}

const webhookConfiguration = "metallb-webhook-configuration"

// webhooks walks the webhooks of a ValidatingWebhookConfiguration with their clientConfig.
func webhooks(obj *unstructured.Unstructured) func(yield func(webhook, client map[string]any) bool) {
	return func(yield func(webhook, client map[string]any) bool) {
		list, _ := obj.Object["webhooks"].([]any)
		for _, item := range list {
			webhook, _ := item.(map[string]any)
			client, _ := webhook["clientConfig"].(map[string]any)
			if !yield(webhook, client) {
				return
			}
		}
	}
}

// awaitMetalLB waits until the webhook, and not only the schema, judges.
func (c *Cluster) awaitMetalLB(ctx context.Context) error {
	return c.run.await(ctx, "MetalLB's webhook", func() error {
		err := c.probeWebhook(ctx, "kubetest-probe")
		if err != nil && strings.Contains(err.Error(), "denied the request") {
			return nil
		}
		if err == nil {
			err = errors.New("it is not asked yet")
		}
		return err
	})
}

// probeWebhook asks for a pool whose address is none, which the schema accepts and the webhook denies.
func (c *Cluster) probeWebhook(ctx context.Context, name string) error {
	pool := object("metallb.io/v1beta1", "IPAddressPool", name, map[string]any{"spec": map[string]any{"addresses": []any{"none"}}})
	pool.SetNamespace(MetalLBNamespace)
	_, err := c.resource(pool).Create(ctx, pool, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// caBundle is how JSON carries a certificate.
func (r *run) caBundle() string { return base64.StdEncoding.EncodeToString(r.ca.pem) }

func (c *Cluster) httpClient() (*http.Client, error) { return rest.HTTPClientFor(c.config) }
