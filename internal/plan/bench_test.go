package plan

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/bench/synthetic"
)

// BenchmarkLoad reads 500 plans of 1 MB each, the size of the largest trees, and
// 350,000 small changes. It reports the largest heap besides the time.
func BenchmarkLoad(b *testing.B) {
	for _, kind := range []struct {
		name, action          string
		plans, objects, lines int
	}{
		{"FewChanges", `"no-op"`, 500, 325, 12},
		{"AllCreated", `"create"`, 500, 405, 12},
		{"ManyChanges", `"create"`, 100, 3500, 0},
	} {
		folder := b.TempDir()
		size := 0
		for i := range kind.plans {
			unit := filepath.Join(folder, fmt.Sprintf("unit-%03d", i))
			content := synthetic.Plan(i, kind.objects, kind.action)
			size = len(content)
			if err := os.Mkdir(unit, 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(unit, planFile), content, 0o600); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(kind.name, func(b *testing.B) {
			b.SetBytes(int64(size * kind.plans))
			b.ReportAllocs()
			var peak atomic.Uint64
			done := watchHeap(&peak)
			for b.Loop() {
				r, err := Load(context.Background(), Source{Plans: os.DirFS(folder)})
				if err != nil {
					b.Fatal(err)
				}
				if got := len(r.Select(Changed)); got != kind.plans {
					b.Fatalf("%d units changed, want %d", got, kind.plans)
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
