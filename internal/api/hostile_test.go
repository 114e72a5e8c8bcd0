package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var led atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			c := client(t, Config{Headers: map[string]string{"Authorization": "Bearer t0ken-of-ours"}}, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+"/login?state=secret", status)
			})
			err := c.Do(t.Context(), method, "/x", nil, map[string]string{"a": "b"}, nil)
			if err == nil || !strings.Contains(err.Error(), other.URL+"/login,") || Ambiguous(err) {
				t.Errorf("%s answered with %d: %v", method, status, err)
			}
			var e *Error
			if errors.As(err, &e) && !strings.Contains(e.Hint(), "Credentials are not sent") {
				t.Errorf("%s answered with %d: the hint is %q", method, status, e.Hint())
			}
		}
	}
	if led.Load() > 0 {
		t.Errorf("%d requests went where an answer pointed", led.Load())
	}
}

func TestAnswersAreBounded(t *testing.T) { // not in parallel: it measures memory
	bomb := faulty.Packed(`{"message":"`, 256, `"}`)
	for _, status := range []int{200, 400, 503} {
		c := client(t, Config{MaxRetries: -1}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			_, _ = w.Write(bomb)
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var out map[string]string
		err := c.Do(t.Context(), "GET", "/x", nil, nil, &out)
		runtime.ReadMemStats(&after)
		if err == nil || status == 200 && !strings.Contains(err.Error(), "answer larger than 32 MiB") {
			t.Errorf("%d: %v", status, err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 200 {
			t.Errorf("%d: %d MiB were used for 32", status, used)
		}
		if err != nil && len(err.Error()) > 6000 {
			t.Errorf("%d: the error has %d bytes", status, len(err.Error()))
		}
	}
}

func TestMaxResponseIsASetting(t *testing.T) {
	t.Parallel()
	bomb := faulty.Packed(`{"message":"`, 2, `"}`)
	var tries atomic.Int64
	c := client(t, Config{MaxResponse: 1 << 20}, func(w http.ResponseWriter, _ *http.Request) {
		tries.Add(1)
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb)
	})
	err := c.Do(t.Context(), "PUT", "/x", nil, nil, nil)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "answer larger than 1 MiB") || !strings.Contains(e.Hint(), "`max_response_mib`") {
		t.Fatalf("got %v", err)
	}
	if tries.Load() != 1 || !Ambiguous(err) {
		t.Errorf("%d tries, ambiguous %t; want one that may have worked", tries.Load(), Ambiguous(err))
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	for value, want := range map[string]struct {
		atMost time.Duration
		ok     bool
	}{
		"0": {0, true}, "7": {7 * time.Second, true}, soon: {time.Minute, true},
		"9223372037": {longestWait, true}, "100000000": {longestWait, true}, "99999999999999999999999": {longestWait, true},
		"Fri, 31 Dec 9999 23:59:59 GMT": {longestWait, true}, "Sat, 01 Jan 2000 00:00:00 GMT": {0, true},
		"": {}, "-1": {}, "-99999999999999999999999": {}, "soon": {}, "1.5": {}, "1e9": {}, "Fri, 31 Dec 9999": {},
	} {
		got, ok := RetryAfter(http.Header{"Retry-After": {value}})
		if ok != want.ok || got > want.atMost || got < want.atMost-5*time.Second {
			t.Errorf("%q: %s, %t; want %s, %t", value, got, ok, want.atMost, want.ok)
		}
	}
}

// What nobody will wait for is not waited for, and not hammered either.
func TestWaitsNobodySitsThrough(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"9223372037", "100000000", "Fri, 31 Dec 9999 23:59:59 GMT", "121"} {
		var tries atomic.Int64
		c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			w.Header().Set("Retry-After", value)
			w.WriteHeader(429)
		})
		start := time.Now()
		err := c.Do(t.Context(), "GET", "/x", nil, nil, nil)
		var e *Error
		if !errors.As(err, &e) || e.Status != 429 || !strings.Contains(e.Hint(), "asks to wait") {
			t.Errorf("%s: got %v", value, err)
		}
		if tries.Load() != 1 || time.Since(start) > 5*time.Second {
			t.Errorf("%s: %d tries in %s", value, tries.Load(), time.Since(start))
		}
	}
	c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(503)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	start := time.Now()
	if err := c.Do(ctx, "GET", "/x", nil, nil, nil); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("a wait beyond the deadline took %s: %v", time.Since(start), err)
	}
}

const testSecret = `pa"ss<w>/ord & more`

// spellings are how a server may repeat a text.
var spellings = map[string]func(string) string{
	"as it is": func(s string) string { return s },
	"JSON":     func(s string) string { b, _ := json.Marshal(s); return string(b) },
	"form":     func(s string) string { return url.Values{"p": {s}}.Encode() },
	"path":     url.PathEscape,
	"HTML":     html.EscapeString,
	"base64":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) },
	"JSON in HTML": func(s string) string {
		b, _ := json.Marshal(map[string]string{"secret": s})
		return html.EscapeString(string(b))
	},
}

func TestErrorsMaskSecrets(t *testing.T) {
	t.Parallel()
	const token = "t0ken/of+ours=="
	for name, spell := range spellings {
		var logged strings.Builder
		config := Config{Headers: map[string]string{"X-Token": token}, Log: func(_ context.Context, _ string, fields map[string]any) {
			text, _ := json.Marshal(fields)
			logged.Write(text)
		}}
		c := client(t, config, func(w http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]string{"message": "refused: " + spell(testSecret) + " with " + spell(r.Header.Get("X-Token"))})
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(400)
			_, _ = w.Write(body)
		})
		c.Explain = func(e *Error) {
			var said struct{ Message string }
			_ = json.Unmarshal([]byte(e.Body), &said)
			e.Message, e.Advice = said.Message, "Look at "+said.Message
		}
		err := c.Do(mask.With(t.Context(), testSecret), "POST", "/"+url.PathEscape(token), nil, map[string]string{"p": testSecret}, nil)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("%s: %v", name, err)
		}
		for where, text := range map[string]string{"error": err.Error(), "hint": e.Hint(), "log": logged.String()} {
			if !strings.Contains(text, mask.Masked) {
				t.Errorf("%s: nothing is masked in the %s: %s", name, where, text)
			}
			for _, rest := range []string{"pa", "ord", "more", "t0ken", "ours", base64.RawStdEncoding.EncodeToString([]byte(testSecret))[2:8]} {
				if strings.Contains(strings.NewReplacer("path", "", "Pass", "").Replace(text), rest) {
					t.Errorf("%s: the %s has %q: %s", name, where, rest, text)
				}
			}
		}
	}
}

// An answer that nobody has understood may hold anything.
func TestForeignAnswersAreNotQuoted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ media, body, want string }{
		{"text/html", "<html><HEAD><title>\n Sign in &amp; more </title></head>s3cret", `answered 403 with text/html that is not in its own form, titled "Sign in & more"`},
		{"text/plain", "s3cret", "answered 403 with text/plain that is not in its own form"},
		{"application/json", `{"request":"s3cret"}`, "answered 403 with application/json that is not in its own form"},
		{"", "s3cret", "answered 403 with something of no type that is not in its own form"},
		{"text/plain", "", "answered 403 without an explanation"},
	} {
		c := client(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{tt.media}
			w.WriteHeader(403)
			_, _ = io.WriteString(w, tt.body)
		})
		err := c.Do(t.Context(), "GET", "/x", nil, nil, nil)
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("got %v, want … %s", err, tt.want)
		}
	}
}

func TestStepsUpAreNoNames(t *testing.T) {
	t.Parallel()
	c := client(t, Config{}, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was sent", r.URL) })
	for _, name := range []string{".", ".."} {
		err := c.Do(t.Context(), "DELETE", Path("projects", name), nil, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "is no name") || Ambiguous(err) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestInvalidProxyIsAnError(t *testing.T) { // not in parallel: it changes the environment
	for value, fine := range map[string]bool{
		"http://proxy.example.internal:3128": true, "proxy.example.internal:3128": true, "socks5://user:pw@10.0.0.1": true, "": true,
		"http//proxy.example.internal": false, "://x": false, "http://": false, "proxy:port": false, "http://h:99999": false, "ftp://proxy": false,
	} {
		for _, name := range []string{"HTTPS_PROXY", "http_proxy"} {
			t.Setenv("HTTPS_PROXY", "")
			t.Setenv("http_proxy", "")
			t.Setenv(name, value)
			_, err := NewClient(Config{System: "kong", URL: "https://kong.example.internal"})
			if fine != (err == nil) {
				t.Errorf("%s=%q: %v", name, value, err)
			}
			if err != nil && (!strings.Contains(err.Error(), strings.ToUpper(name)) || strings.Contains(err.Error(), "pw")) {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		`name "a" is taken`:               `"name \"a\" is taken"`,
		"a\n  |\n1 | x\x1b[31m\t^ here\n": "\n    a\n      |\n    1 | x\\x1b[31m    ^ here",
		"bell\a":                          `"bell\a"`,
	} {
		if got := Quote(words); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Quote(strings.Repeat("é", 10_000)); len(got) > 10_000 {
		t.Errorf("%d bytes are shown", len(got))
	}
}
