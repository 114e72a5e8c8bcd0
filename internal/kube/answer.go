package kube

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// answer is what is known of an answer beside what client-go makes of it.
type answer struct {
	status    int // 0 when there was none
	mediaType string
	start     []byte        // of the body; all of it, as far as it was read, when it is no success
	after     time.Duration // the server asks to wait that long
}

type answerKey struct{}

// noting lets the answer of a request that is made with the returned context be noted.
func noting(ctx context.Context) (context.Context, *answer) {
	a := &answer{}
	return context.WithValue(ctx, answerKey{}, a), a
}

func noted(ctx context.Context) *answer {
	a, ok := ctx.Value(answerKey{}).(*answer)
	if !ok {
		a = &answer{}
	}
	return a
}

// reader stands between client-go and the network, where credentials have been
// added already. It reads answers as far as they may go, makes an error of those
// that lead elsewhere, and keeps from client-go what it would obey on its own.
type reader struct {
	base    http.RoundTripper
	limit   int64         // of a success, in bytes
	secrets *mask.Secrets // gets the credentials that are sent, whoever has made them
}

// RoundTrip implements http.RoundTripper.
func (r *reader) RoundTrip(req *http.Request) (*http.Response, error) {
	r.secrets.Add(credentials(req)...)
	resp, err := r.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	a := noted(req.Context())
	a.status = resp.StatusCode
	a.mediaType, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	a.after, _ = api.RetryAfter(resp.Header)
	resp.Header.Del("Retry-After") // client-go would sit through it, however long
	if api.IsRedirect(resp.StatusCode) {
		_ = resp.Body.Close()
		return nil, &redirectError{status: resp.StatusCode, target: cmp.Or(api.Target(req, resp), "nowhere")}
	}
	if err := r.buffer(resp, a); err != nil {
		return nil, err
	}
	return resp, nil
}

// WrappedRoundTripper implements net.RoundTripperWrapper of apimachinery, by which
// client-go cancels requests.
func (r *reader) WrappedRoundTripper() http.RoundTripper { return r.base }

// buffer reads the body of resp, of a refusal only the start; what is left is not
// read, and the connection not used again.
func (r *reader) buffer(resp *http.Response, a *answer) error {
	limit, success := int64(api.MaxRefusal), resp.StatusCode < http.StatusMultipleChoices
	if success {
		limit = r.limit
	}
	parts, size, err := read(resp.Body, limit)
	_ = resp.Body.Close()
	switch {
	case err != nil && success:
		return fmt.Errorf("the answer broke off: %w", err)
	case size > limit && success:
		return fmt.Errorf("gave an %w", &api.TooLargeError{Limit: limit})
	case !success:
		parts = net.Buffers{bytes.Join(parts, nil)}
	}
	if len(parts) > 0 {
		a.start = parts[0]
	}
	resp.Body, resp.ContentLength = io.NopCloser(&parts), size
	return nil
}

// read reads up to one byte more than limit. It keeps what it reads in parts:
// one piece that grows would cost several times as much.
func read(r io.Reader, limit int64) (parts net.Buffers, size int64, err error) {
	for size <= limit {
		most := min(max(size, 4<<10), 1<<20, limit+1-size)
		var part bytes.Buffer
		part.Grow(int(most) + bytes.MinRead)
		n, err := io.CopyN(&part, r, most)
		parts, size = append(parts, part.Bytes()), size+n
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return parts, size, nil
		}
		if err != nil {
			return parts, size, err
		}
	}
	return parts, size, nil
}

// credentials are those in the header of a request: what a plugin or a file has
// given is known here for the first time.
func credentials(req *http.Request) []string {
	scheme, value, ok := strings.Cut(req.Header.Get("Authorization"), " ")
	if !ok {
		return nil
	}
	if strings.EqualFold(scheme, "Basic") {
		pair, _ := base64.StdEncoding.DecodeString(value)
		_, password, _ := strings.Cut(string(pair), ":")
		return []string{value, password}
	}
	return []string{value}
}

// redirectError is an answer that leads elsewhere. Following it would take the
// credentials along, and make a read of a write.
type redirectError struct {
	status int
	target string
}

func (e *redirectError) Error() string {
	return fmt.Sprintf("answered %d, a redirect to %s, which is not followed", e.status, e.target)
}
