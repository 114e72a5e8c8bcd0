package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

// TestVerbs: an account with them manages objects, of the API server and of
// Calico's behind it; one that lacks any of them does not.
func TestVerbs(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Shared(t)
	peers := Kind{GroupVersionResource: schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"}, Kind: "BGPPeer"}
	for _, without := range append(Verbs(), "") {
		t.Run("without "+without, func(t *testing.T) {
			t.Parallel()
			namespace := cluster.Namespace(t)
			verbs := slices.DeleteFunc(Verbs(), func(v string) bool { return v == without })
			c := newClient(t, Config{
				Host: cluster.Config().Host, ClusterCACertificate: string(cluster.Config().CAData), Token: account(t, cluster, namespace, verbs, configMaps, peers),
			})
			peer := &Object{Object: map[string]any{"spec": map[string]any{"peerIP": "192.168.1.1", "asNumber": int64(65001)}}}
			peer.SetName(namespace)
			for _, err := range []error{life(t.Context(), c, configMaps, configMap(namespace, "a", "1")), life(t.Context(), c, peers, peer)} {
				var e *Error
				switch {
				case without == "" && err != nil:
					t.Error(err)
				case without != "" && (!errors.As(err, &e) || e.Status != http.StatusForbidden):
					t.Errorf("got %v, want 403", err)
				}
			}
		})
	}
}

// life is all that is done with an object.
func life(ctx context.Context, c *Client, kind Kind, o *Object) error {
	if _, err := c.Create(ctx, kind, o, ApplyOptions{}); err != nil {
		return err
	}
	key := Key{o.GetNamespace(), o.GetName()}
	if _, err := c.one(ctx, kind, key); err != nil {
		return err
	}
	if _, err := c.all(ctx, kind, key.Namespace); err != nil {
		return err
	}
	if _, err := c.Apply(ctx, kind, o, ApplyOptions{}); err != nil {
		return err
	}
	return c.Delete(ctx, kind, key, "")
}

// account makes a service account that may do verbs with kinds, and returns its
// token once that holds. What it has made goes with the test.
func account(t *testing.T, cluster *kubetest.Cluster, namespace string, verbs []string, kinds ...Kind) string {
	t.Helper()
	admin, err := kubernetes.NewForConfig(cluster.Config())
	if err != nil {
		t.Fatal(err)
	}
	ctx, name := t.Context(), metav1.ObjectMeta{Name: namespace}
	role := &rbac.ClusterRole{ObjectMeta: name}
	for _, kind := range kinds {
		role.Rules = append(role.Rules, rbac.PolicyRule{APIGroups: []string{kind.Group}, Resources: []string{kind.Resource}, Verbs: verbs})
	}
	binding := &rbac.ClusterRoleBinding{
		ObjectMeta: name, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: namespace},
		Subjects: []rbac.Subject{{Kind: rbac.ServiceAccountKind, Namespace: namespace, Name: namespace}},
	}
	must := must[any](t)
	must(admin.CoreV1().ServiceAccounts(namespace).Create(ctx, &core.ServiceAccount{ObjectMeta: name}, metav1.CreateOptions{}))
	must(admin.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{}))
	must(admin.RbacV1().ClusterRoleBindings().Create(ctx, binding, metav1.CreateOptions{}))
	t.Cleanup(func() {
		gone := context.WithoutCancel(ctx)
		_ = admin.RbacV1().ClusterRoleBindings().Delete(gone, namespace, metav1.DeleteOptions{})
		_ = admin.RbacV1().ClusterRoles().Delete(gone, namespace, metav1.DeleteOptions{})
		_ = cluster.Client().Resource(kinds[len(kinds)-1].GroupVersionResource).Delete(gone, namespace, metav1.DeleteOptions{})
	})
	deadline := time.Now().Add(time.Minute)
	for ok := false; !ok; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the role does not come into force")
		}
		review, err := admin.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorization.SubjectAccessReview{Spec: authorization.SubjectAccessReviewSpec{
			User:               "system:serviceaccount:" + namespace + ":" + namespace,
			ResourceAttributes: &authorization.ResourceAttributes{Verb: verbs[0], Group: kinds[0].Group, Resource: kinds[0].Resource, Namespace: namespace},
		}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ok = review.Status.Allowed
	}
	token, err := admin.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, namespace, &authentication.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return token.Status.Token
}
