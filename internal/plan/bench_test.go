package plan

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkLoad reads 500 plans of 1 MB each, the size of the largest trees.
// It reports the largest heap besides the time.
func BenchmarkLoad(b *testing.B) {
	const plans = 500
	for _, kind := range []struct {
		name, action string
		objects      int
	}{{"FewChanges", `"no-op"`, 325}, {"AllCreated", `"create"`, 405}} {
		folder := b.TempDir()
		size := 0
		for i := range plans {
			unit := filepath.Join(folder, fmt.Sprintf("unit-%03d", i))
			content := bigPlan(i, kind.objects, kind.action)
			size = len(content)
			if err := os.Mkdir(unit, 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(unit, planFile), content, 0o600); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(kind.name, func(b *testing.B) {
			b.SetBytes(int64(size * plans))
			b.ReportAllocs()
			var peak atomic.Uint64
			done := watchHeap(&peak)
			for b.Loop() {
				r, err := Load(context.Background(), Source{Plans: os.DirFS(folder)})
				if err != nil {
					b.Fatal(err)
				}
				if got := len(r.Select(Changed)); got != plans {
					b.Fatalf("%d units changed, want %d", got, plans)
				}
				runtime.KeepAlive(r)
			}
			close(done)
			b.ReportMetric(float64(peak.Load())/1e6, "peak-MB")
		})
	}
}

// watchHeap keeps the largest heap that it sees until its channel is closed,
// counting what the runtime has from the system.
func watchHeap(peak *atomic.Uint64) chan<- struct{} {
	done := make(chan struct{})
	runtime.GC()
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
		for {
			metrics.Read(sample)
			peak.Store(max(peak.Load(), sample[0].Value.Uint64()+sample[1].Value.Uint64()))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return done
}

// bigPlan is a plan of about 1 MB, made up as real ones are: the same objects in
// the changes, in the prior state and in the planned values, and one in a
// hundred with a secret. Five objects are updated, the others have the action.
func bigPlan(unit, objects int, action string) []byte {
	text := strings.Repeat("a line of a description, as long as they are\\n", 12)
	value := func(i int, suffix string) string {
		return fmt.Sprintf(`{"id":"%d-%d","name":"object-%d%s","labels":{"site":"seoul","team":"payments"},"ports":[80,443,8080],"text":"%s"}`,
			unit, i, i, suffix, text)
	}
	var changes, state bytes.Buffer
	for i := range objects {
		if i > 0 {
			changes.WriteByte(',')
			state.WriteByte(',')
		}
		actions, before, after, sensitive := action, value(i, ""), value(i, ""), "{}"
		switch {
		case i < 5:
			actions, after = `"update"`, value(i, "-new")
		case action == `"create"`:
			before = "null"
		}
		if i%100 == 0 {
			sensitive = `{"id":true}`
		}
		fmt.Fprintf(&changes, `{"address":"onprem_kong_service.this[\"%d\"]","mode":"managed","type":"onprem_kong_service","name":"this","index":"%d","change":{"actions":[%s],"before":%s,"after":%s,"after_unknown":{},"before_sensitive":%s,"after_sensitive":%s}}`,
			i, i, actions, before, after, sensitive, sensitive)
		fmt.Fprintf(&state, `{"address":"onprem_kong_service.this[\"%d\"]","mode":"managed","values":%s,"sensitive_values":%s}`, i, value(i, ""), sensitive)
	}
	return fmt.Appendf(nil, `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{"resources":[%s]}},"resource_changes":[%s],"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[%s]}}},"configuration":{"root_module":{}}}`,
		state.Bytes(), changes.Bytes(), state.Bytes())
}
