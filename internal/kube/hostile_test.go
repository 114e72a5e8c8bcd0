package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// hostile is a client of a server that does as it likes, and a count of requests.
func hostile(t *testing.T, c Config, answer http.HandlerFunc) (*Client, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	c.Host = server.URL
	return newClient(t, c), &requests
}

// operations are all that a client does.
var operations = map[string]func(context.Context, *Client) error{
	"get":  func(ctx context.Context, c *Client) error { return second(c.Get(ctx, peers, Key{Name: "tor-1"})) },
	"list": func(ctx context.Context, c *Client) error { return second(c.List(ctx, peers, "", "")) },
	"apply": func(ctx context.Context, c *Client) error {
		return second(c.Apply(ctx, peers, peer("tor-1"), ApplyOptions{}))
	},
	"delete": func(ctx context.Context, c *Client) error { return c.Delete(ctx, peers, Key{Name: "tor-1"}, "") },
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var led atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for verb, do := range operations {
			c, requests := hostile(t, Config{Token: "t0ken-of-ours"}, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+"/login?state=secret", status)
			})
			err := do(t.Context(), c)
			var e *Error
			if !errors.As(err, &e) || e.Status != status || !strings.Contains(err.Error(), other.URL+"/login,") || !strings.Contains(e.Hint(), "Credentials are not sent") {
				t.Errorf("%s answered with %d: %v", verb, status, err)
			}
			if requests.Load() != 1 || api.IsNotFound(err) {
				t.Errorf("%s answered with %d: %d requests", verb, status, requests.Load())
			}
		}
	}
	if led.Load() > 0 {
		t.Errorf("%d requests went where an answer pointed", led.Load())
	}
}

func TestAnswersAreBounded(t *testing.T) { // not in parallel: it measures memory
	bomb := faulty.Packed(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"`, 64, `"}`)
	for status, most := range map[int]uint64{200: 80, 400: 20, 503: 20} { // unbounded it takes three hundred
		c, requests := hostile(t, Config{MaxRetries: -1}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			_, _ = w.Write(bomb)
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := operations["get"](t.Context(), c)
		runtime.ReadMemStats(&after)
		if err == nil || status == 200 && !strings.Contains(err.Error(), "answer larger than 32 MiB") {
			t.Errorf("%d: %v", status, err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > most {
			t.Errorf("%d: %d MiB were used", status, used)
		}
		if err != nil && len(err.Error()) > 6000 || requests.Load() != 1 {
			t.Errorf("%d: %d requests, and an error of %d bytes", status, requests.Load(), len(err.Error()))
		}
	}
}

func TestMaxResponseIsASetting(t *testing.T) {
	t.Parallel()
	two := faulty.Packed(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"`, 2, `"}`)
	c, requests := hostile(t, Config{MaxResponse: 1 << 20}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(two)
	})
	err := operations["apply"](t.Context(), c)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "answer larger than 1 MiB") || !strings.Contains(e.Hint(), "`max_response_mib`") || requests.Load() != 1 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
}

// What nobody will wait for is not waited for, and not hammered either.
func TestWaitsNobodySitsThrough(t *testing.T) {
	t.Parallel()
	ask := map[string]func(http.ResponseWriter){}
	for _, value := range []string{"100000000", "9223372037", "Fri, 31 Dec 9999 23:59:59 GMT", "121"} {
		ask[value] = func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}
	ask["in the body"] = func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, statusBody(429, "TooManyRequests", "slow down", `{"retryAfterSeconds":2147483647}`))
	}
	for name, ask := range ask {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, requests := hostile(t, Config{}, func(w http.ResponseWriter, _ *http.Request) { ask(w) })
			start := time.Now()
			err := operations["apply"](t.Context(), c)
			if status(err) != 429 || !strings.Contains(err.Error(), "asks to wait") || requests.Load() != 1 || time.Since(start) > 5*time.Second {
				t.Errorf("%d requests in %s: %v", requests.Load(), time.Since(start), err)
			}
		})
	}
	t.Run("beyond the deadline", func(t *testing.T) {
		t.Parallel()
		c, _ := hostile(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		if err := operations["get"](ctx, c); err == nil || !strings.Contains(err.Error(), "asks to wait 1m0s") || time.Since(start) > 5*time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		t.Parallel()
		var refused atomic.Bool
		c, _ := hostile(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			if refused.CompareAndSwap(false, true) {
				w.Header().Set("Retry-After", "soon")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			fmt.Fprint(w, named("tor-1"))
		})
		if err := operations["get"](t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// named is a BGPPeer as JSON.
func named(name string) string {
	return fmt.Sprintf(`{"kind":"BGPPeer","apiVersion":"projectcalico.org/v3","metadata":{"name":%q}}`, name)
}

// listOf is a list with a token for what follows.
func listOf(next string, items ...string) string {
	return fmt.Sprintf(`{"kind":"BGPPeerList","apiVersion":"projectcalico.org/v3","metadata":{"continue":%q},"items":[%s]}`, next, strings.Join(items, ","))
}

func TestListingsEnd(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(n int64, token string) string{
		"the same token":  func(int64, string) string { return "a" },
		"tokens in turn":  func(n int64, _ string) string { return []string{"a", "b", "c"}[n%3] },
		"always another":  func(n int64, _ string) string { return fmt.Sprint(n) },
		"never remembers": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			c, requests := hostile(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
				token := r.URL.Query().Get("continue")
				switch {
				case !strings.HasSuffix(r.URL.Path, "bgppeers"):
					fmt.Fprint(w, named(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]))
				case next != nil:
					fmt.Fprint(w, listOf(next(n.Add(1), token), named("tor-1")))
				case token != "":
					w.WriteHeader(http.StatusGone)
					fmt.Fprint(w, statusBody(http.StatusGone, "Expired", "too old", ""))
				default:
					fmt.Fprint(w, listOf("a", named("tor-1")))
				}
			})
			_, err := c.List(t.Context(), peers, "", "")
			if err == nil || next != nil && !strings.Contains(err.Error(), "a listing that has no end") || requests.Load() > maxPages+1 {
				t.Errorf("%d requests: %v", requests.Load(), err)
			}
			before := requests.Load()
			for i := range 200 { // reads share a listing, and go on without it
				if _, err := c.Get(t.Context(), peers, Key{Name: fmt.Sprint("x-", i)}); err != nil {
					t.Fatal(err)
				}
			}
			if asked := requests.Load() - before; asked > 250 {
				t.Errorf("200 reads took %d requests", asked)
			}
		})
	}
}

// TestStrangers: a success with something else in it is not what was asked for.
func TestStrangers(t *testing.T) {
	t.Parallel()
	objects := map[string]string{
		"nothing": ``, "null": `null`, "an empty object": `{}`, "a number": `1`, "a list": `[null]`, "a text": `"x"`,
		"another's name":      named("tor-2"),
		"another kind":        strings.Replace(named("tor-1"), "BGPPeer", "IPPool", 1),
		"another group":       strings.Replace(named("tor-1"), "projectcalico.org", "metallb.io", 1),
		"another namespace":   strings.Replace(named("tor-1"), `{"name"`, `{"namespace":"other","name"`, 1),
		"no kind":             `{"metadata":{"name":"tor-1"}}`,
		"a success as Status": `{"kind":"Status","apiVersion":"v1","status":"Success"}`,
		"a list of objects":   listOf("", named("tor-1")),
		"metadata of a kind":  `{"kind":"BGPPeer","apiVersion":"projectcalico.org/v3","metadata":"tor-1"}`,
	}
	lists := map[string]string{
		"null": `null`, "an empty object": `{}`, "an object": named("tor-1"), "null members": listOf("", "null"), "a number in it": listOf("", "1"),
		"members without a name": listOf("", named("")),
		"another kind in it":     listOf("", strings.Replace(named("tor-1"), "BGPPeer", "IPPool", 1)),
		"items that are none":    `{"kind":"BGPPeerList","apiVersion":"projectcalico.org/v3","items":{"a":1}}`,
		"another list":           strings.Replace(listOf(""), "BGPPeerList", "IPPoolList", 1),
	}
	refuse := func(verb, name, body string) {
		t.Run(verb+" "+name, func(t *testing.T) {
			t.Parallel()
			c, _ := hostile(t, Config{MaxRetries: -1}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
			err := operations[verb](t.Context(), c)
			var e *Error
			if !errors.As(err, &e) || e.Status != 200 || api.IsNotFound(err) || !strings.Contains(e.Hint(), "another service, has answered") {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, body := range objects {
		refuse("get", name, body)
		refuse("apply", name, body)
	}
	for name, body := range lists {
		refuse("list", name, body)
	}
	t.Run("no items at all", func(t *testing.T) { // is how servers written in Go spell an empty list
		t.Parallel()
		c, _ := hostile(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"kind":"BGPPeerList","apiVersion":"projectcalico.org/v3","metadata":{},"items":null}`)
		})
		if err := operations["list"](t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

func TestNamesThatArePaths(t *testing.T) {
	t.Parallel()
	c, requests := hostile(t, Config{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, named("x")) })
	for _, name := range []string{".", "..", "a/b", "../ippools/x", "a%2fb", ""} {
		for what, err := range map[string]error{
			"get":    second(c.Get(t.Context(), peers, Key{Name: name})),
			"apply":  second(c.Apply(t.Context(), peers, peer(name), ApplyOptions{})),
			"delete": c.Delete(t.Context(), peers, Key{Name: name}, ""),
		} {
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "is no name of an object") || e.Hint() == "" || api.IsNotFound(err) {
				t.Errorf("%s %q: %v", what, name, err)
			}
		}
	}
	if _, err := c.Get(t.Context(), configMaps, Key{"../x", "a"}); err == nil || !strings.Contains(err.Error(), "is no namespace") {
		t.Errorf("got %v", err)
	}
	if requests.Load() > 0 {
		t.Errorf("%d requests were sent", requests.Load())
	}
}

// TestManagersThatAreNone: what is no entry of managedFields is passed over, and
// printed nowhere.
func TestManagersThatAreNone(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{Host: "https://127.0.0.1:1"})
	entry := map[string]any{"manager": DefaultFieldManager, "fieldsV1": map[string]any{"f:spec": map[string]any{"f:a": map[string]any{}}}}
	o := &Object{Object: map[string]any{"metadata": map[string]any{"managedFields": []any{nil, "s3cret", map[string]any{"manager": int64(1)}, entry}}}}
	if w := c.Owners(o); !w.Mine("spec", "a") {
		t.Error("the one that is an entry was not read")
	}
}

const password = `pa"ss<w>/ord & more`

// spellings are how a server may repeat a text.
var spellings = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"JSON":     func(s string) string { b, _ := json.Marshal(s); return string(b) },
	"form":     func(s string) string { return url.Values{"p": {s}}.Encode() },
	"path":     url.PathEscape,
	"HTML":     html.EscapeString,
	"base64":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) },
}

// TestSecretsAreMasked: what is sent stays between us, however it is repeated.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	const token = "t0ken/of+ours=="
	answers := map[string]func(http.ResponseWriter, string){
		"Status": func(w http.ResponseWriter, said string) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			cause := fmt.Sprintf(`{"causes":[{"reason":"FieldValueInvalid","field":"spec.password","message":%q}]}`, said)
			fmt.Fprint(w, statusBody(422, "Invalid", "refused: "+said, cause))
		},
		"Status of several lines": func(w http.ResponseWriter, said string) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, statusBody(400, "BadRequest", "refused:\n"+said, ""))
		},
		"web page": func(w http.ResponseWriter, said string) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<title>refused: %s</title>%s", said, said)
		},
		"JSON":     func(w http.ResponseWriter, said string) { w.WriteHeader(400); fmt.Fprintf(w, `{"body":%q}`, said) },
		"stranger": func(w http.ResponseWriter, said string) { fmt.Fprint(w, named(said)) },
		"redirect": func(w http.ResponseWriter, said string) {
			w.Header().Set("Location", "https://login.example.internal/"+url.PathEscape(said)+"?"+url.QueryEscape(said))
			w.WriteHeader(http.StatusFound)
		},
		"warning": func(w http.ResponseWriter, said string) {
			w.Header().Set("Warning", fmt.Sprintf("299 - %q", said))
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, statusBody(400, "BadRequest", "refused", ""))
		},
	}
	for spelling, spell := range spellings {
		for name, answer := range answers {
			t.Run(name+" "+spelling, func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				var logged strings.Builder
				config := Config{Token: token, MaxRetries: -1, Log: func(_ context.Context, msg string, fields map[string]any) {
					mu.Lock()
					defer mu.Unlock()
					fmt.Fprintln(&logged, msg, fields)
				}}
				c, _ := hostile(t, config, func(w http.ResponseWriter, r *http.Request) {
					sent := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
					answer(w, spell(password)+" with "+spell(sent))
				})
				err := operations["apply"](mask.With(t.Context(), password), c)
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("got %v", err)
				}
				for where, text := range map[string]string{"error": err.Error(), "hint": e.Hint(), "log": logged.String()} {
					for _, secret := range []string{password, token} {
						for _, spell := range spellings {
							if strings.Contains(text, strings.TrimPrefix(spell(secret), "p=")) {
								t.Errorf("the %s shows a secret: %s", where, text)
							}
						}
					}
				}
			})
		}
	}
}

// TestFirstUse: the log says once which cluster it is, and who says so.
func TestFirstUse(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, named("tor-1"))
	}))
	t.Cleanup(server.Close)
	file := writeFile(t, strings.Replace(kubeconfig, "https://192.168.1.100:6443", server.URL, 1))
	var seen []map[string]any
	c := newClient(t, Config{ConfigPaths: []string{file}, Source: "HCL", Log: func(_ context.Context, msg string, fields map[string]any) {
		if msg == FirstUse {
			seen = append(seen, fields)
		}
	}})
	for range 2 {
		if err := operations["get"](t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 || seen[0]["host"] != server.URL || seen[0]["context"] != "seoul" || seen[0]["source"] != "kubeconfig "+file+", from HCL" {
		t.Errorf("got %v", seen)
	}
}
