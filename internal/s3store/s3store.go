// Package s3store is an S3-compatible store in memory, on loopback, for tests
// and the demo: a place for state that the s3 backend of Terraform and OpenTofu
// can lock with use_lockfile. The server is the library gofakes3.
package s3store

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Store is a running store.
type Store struct {
	// URL is the endpoint, for clients that put the bucket into the path.
	URL string

	backend *s3mem.Backend
	stop    func()
}

// Start starts an empty store. It runs until Stop, or until the context ends.
func Start(ctx context.Context) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	s := &Store{URL: server.URL, backend: backend, stop: sync.OnceFunc(server.Close)}
	context.AfterFunc(ctx, s.stop)
	return s, nil
}

// Stop closes the store, and all that is in it is gone.
func (s *Store) Stop() { s.stop() }

// Env are the environment variables that lead Terraform, OpenTofu and the
// tools of AWS to the store. It takes any credentials.
func (s *Store) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + s.URL,
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_REGION=us-east-1",
		"AWS_PROFILE=", // that of the person who runs the tests has no say here
	}
}

// CreateBucket makes an empty bucket.
func (s *Store) CreateBucket(name string) error {
	if err := s.backend.CreateBucket(name); err != nil {
		return fmt.Errorf("create bucket %s: %w", name, err)
	}
	return nil
}

// Keys are the names of the objects in a bucket, sorted.
func (s *Store) Keys(bucket string) ([]string, error) {
	list, err := s.backend.ListBucket(bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		return nil, fmt.Errorf("list bucket %s: %w", bucket, err)
	}
	keys := make([]string, len(list.Contents))
	for i, object := range list.Contents {
		keys[i] = object.Key
	}
	return keys, nil
}
