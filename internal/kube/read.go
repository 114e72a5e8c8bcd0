package kube

import (
	"context"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// pageSize is how many objects one request of a listing asks for, as kubectl's
// --chunk-size. pagePrice is how many single reads cost the server as much.
const (
	pageSize  = 500
	pagePrice = 25
	// maxPages is more than etcd can hold objects of one kind, and maxRestarts
	// more than a listing has to begin again. No server makes us read for ever.
	maxPages    = 4000
	maxRestarts = 5
)

// one reads a single object from the server.
func (c *Client) one(ctx context.Context, kind Kind, key Key) (*Object, error) {
	var o *Object
	op := operation{"get", kind, key}
	err := c.do(ctx, op, func(ctx context.Context) (err error) {
		if o, err = c.resource(kind, key.Namespace).Get(ctx, key.Name, metav1.GetOptions{}); err == nil {
			err = op.checkObject(o)
		}
		return err
	})
	return o, err
}

// all lists a namespace by name.
func (c *Client) all(ctx context.Context, kind Kind, namespace string) (map[string]*Object, error) {
	byName := map[string]*Object{}
	err := c.pages(ctx, kind, namespace, "", func() { clear(byName) }, func(o *Object) { byName[o.GetName()] = o })
	return byName, err
}

// listed fetches a page of the listing that shares the reads of a namespace.
func (c *Client) listed(ctx context.Context, kind Kind, namespace, at string) (api.Page[string, *Object], error) {
	page := api.Page[string, *Object]{Objects: map[string]*Object{}}
	list, err := c.page(ctx, kind, namespace, metav1.ListOptions{Limit: pageSize, Continue: at})
	if err != nil {
		return page, err
	}
	for i := range list.Items {
		page.Objects[list.Items[i].GetName()] = &list.Items[i]
	}
	if next := list.GetContinue(); next != "" && next != at {
		page.Next = []string{next}
	}
	if left := list.GetRemainingItemCount(); left != nil {
		page.Left = int((*left + pageSize - 1) / pageSize)
	}
	return page, nil
}

// pages lists page by page. When the server has forgotten the listing half-way
// (410, after some minutes), restart is called and it begins again.
func (c *Client) pages(ctx context.Context, kind Kind, namespace, labelSelector string, restart func(), each func(*Object)) error {
	options := metav1.ListOptions{Limit: pageSize, LabelSelector: labelSelector}
	restarts, seen := 0, map[string]bool{}
	for {
		page, err := c.page(ctx, kind, namespace, options)
		if status(err) == http.StatusGone && options.Continue != "" && restarts < maxRestarts {
			restart()
			restarts++
			options.Continue = ""
			clear(seen)
			continue
		}
		if err != nil {
			return err
		}
		for i := range page.Items {
			each(&page.Items[i])
		}
		options.Continue = page.GetContinue()
		if options.Continue == "" {
			return nil
		}
		if seen[options.Continue] || len(seen) >= maxPages {
			return c.endless(ctx, operation{"list", kind, Key{Namespace: namespace}})
		}
		seen[options.Continue] = true
	}
}

func (c *Client) page(ctx context.Context, kind Kind, namespace string, options metav1.ListOptions) (*unstructured.UnstructuredList, error) {
	var list *unstructured.UnstructuredList
	op := operation{"list", kind, Key{Namespace: namespace}}
	err := c.do(ctx, op, func(ctx context.Context) (err error) {
		if list, err = c.resource(kind, namespace).List(ctx, options); err == nil {
			err = op.checkList(list)
		}
		return err
	})
	return list, err
}
