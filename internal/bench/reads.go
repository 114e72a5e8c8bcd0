package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

const (
	// readers is how many reads Terraform has under way at once.
	readers = 10
	// pagePrice is what a gateway needs for a page, beside the latency.
	pagePrice = 50 * time.Millisecond
	pageSize  = 1000
)

// readsRow is what it cost to read some of the routes of a gateway once each,
// as a plan does.
type readsRow struct {
	Of        int     `json:"of"`
	Read      int     `json:"read"`
	LatencyMS int64   `json:"latency_ms"`
	Requests  int     `json:"requests"`
	Pages     int     `json:"pages"`
	MB        float64 `json:"mb"`
	Seconds   float64 `json:"seconds"`
	CPU       float64 `json:"cpu_seconds"` // of client and gateway
}

func measureReads(ctx context.Context, o options) ([]readsRow, error) {
	var rows []readsRow
	for _, c := range []struct{ of, read int }{{1000, 1000}, {20_000, 10}, {20_000, 60}, {20_000, 500}} {
		for _, latency := range []time.Duration{0, o.latency} {
			progress("reads: %d of %d at %s", c.read, c.of, latency)
			var rounds []readsRow
			for range o.repeat {
				row, err := readSome(ctx, c.of, c.read, latency)
				if err != nil {
					return nil, err
				}
				rounds = append(rounds, row)
			}
			row := rounds[0]
			row.Requests = middle(rounds, func(r readsRow) int { return r.Requests })
			row.Pages = middle(rounds, func(r readsRow) int { return r.Pages })
			row.MB = middle(rounds, func(r readsRow) float64 { return r.MB })
			row.Seconds = middle(rounds, func(r readsRow) float64 { return r.Seconds })
			row.CPU = middle(rounds, func(r readsRow) float64 { return r.CPU })
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// readSome reads routes that lie evenly among all.
func readSome(ctx context.Context, of, read int, latency time.Duration) (readsRow, error) {
	g := newGateway(of, latency)
	server := httptest.NewServer(g)
	defer server.Close()
	client, err := kongapi.New(kongapi.Config{HTTP: api.Config{URL: server.URL}})
	if err != nil {
		return readsRow{}, err
	}
	ids := make(chan string, read)
	for i := range read {
		ids <- routeID(i * (of / read))
	}
	close(ids)

	before, start := ownCPU(), time.Now()
	errs := make(chan error, readers)
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			for id := range ids {
				if _, err := client.Routes.Get(ctx, id); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	row := readsRow{
		Of: of, Read: read, LatencyMS: latency.Milliseconds(), Seconds: time.Since(start).Seconds(), CPU: (ownCPU() - before).Seconds(),
		Requests: int(g.requests.Load()), Pages: int(g.listings.Load()), MB: float64(g.sent.Load()) / 1e6,
	}
	close(errs)
	return row, <-errs
}

// ownCPU is what this process has taken of the processors.
func ownCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for wrong arguments only
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// gateway is a Kong that has nothing but routes, all answers ready: the
// simulator sorts its routes for each page, which at 20,000 is all one would
// measure.
type gateway struct {
	routes                   map[string][]byte
	pages                    [][]byte
	latency                  time.Duration
	requests, listings, sent atomic.Int64
}

// routeID scatters ids, as those that Kong makes are.
func routeID(i int) string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012d", uint32(i)*2654435761, i)
}

func newGateway(n int, latency time.Duration) *gateway {
	g := &gateway{routes: map[string][]byte{}, latency: latency}
	for i := range n {
		g.routes[routeID(i)] = fmt.Appendf(nil, `{"id":%q,"name":"route-%d","paths":["/api/%d"],"protocols":["http","https"],"methods":null,"hosts":null,`+
			`"headers":null,"strip_path":true,"preserve_host":false,"regex_priority":0,"path_handling":"v0","https_redirect_status_code":426,`+
			`"request_buffering":true,"response_buffering":true,"service":{"id":%q},"created_at":1700000000,"updated_at":1700000000,"tags":null,`+
			`"snis":null,"sources":null,"destinations":null}`, routeID(i), i, i, routeID(i%100))
	}
	var rows [][]byte
	for _, id := range slices.Sorted(maps.Keys(g.routes)) {
		rows = append(rows, g.routes[id])
	}
	for page := range slices.Chunk(rows, pageSize) {
		rest := `,"next":null}`
		if end := pageSize * (len(g.pages) + 1); end < n {
			rest = fmt.Sprintf(`,"next":"/routes?offset=%d","offset":"%d"}`, end, end)
		}
		g.pages = append(g.pages, slices.Concat([]byte(`{"data":[`), bytes.Join(page, []byte(",")), []byte("]"+rest)))
	}
	return g
}

// ServeHTTP implements http.Handler.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.requests.Add(1)
	time.Sleep(g.latency)
	body := []byte(`{"version":"3.9.1","configuration":{}}`)
	if id, one := strings.CutPrefix(r.URL.Path, "/routes/"); one {
		body = g.routes[id]
	} else if r.URL.Path == "/routes" {
		g.listings.Add(1)
		time.Sleep(pagePrice)
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset")) // none is the first
		body = g.pages[offset/pageSize]
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	sent, _ := w.Write(body) // a client that is gone is none of the gateway's business
	g.sent.Add(int64(sent))
}

func readsTable(rows []readsRow) table {
	t := table{
		title: fmt.Sprintf("Reads of one kind that share their answers: %d at once, %s for a page beside the latency", readers, pagePrice),
		head:  []string{"read", "of", "latency ms", "requests", "pages", "MB", "wall s", "CPU s"},
	}
	for _, r := range rows {
		t.add("%d|%d|%d|%d|%d|%.2f|%.2f|%.2f", r.Read, r.Of, r.LatencyMS, r.Requests, r.Pages, r.MB, r.Seconds, r.CPU)
	}
	return t
}
