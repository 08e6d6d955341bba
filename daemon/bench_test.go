package daemon

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"quotad/quota"
)

// BenchmarkSubmit is the engine without its API: what an event costs when they
// come alone, side by side, and in bulk.
func BenchmarkSubmit(b *testing.B) {
	var n atomic.Int64
	next := func() quota.Event {
		i := n.Add(1)
		now := time.Now()
		return quota.Event{ID: fmt.Sprintf("b-%010d", i), At: now, Tool: "bench", Session: "s", Project: "/home/u/src/x", Model: "glm-5.3"}.Normalize(now)
	}
	b.Run("alone", func(b *testing.B) {
		r := start(b, b.TempDir(), settings(b, liteConfig), time.Now)
		for b.Loop() {
			if _, err := (backend{r.engine}).Submit(b.Context(), []quota.Event{next()}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("side by side", func(b *testing.B) {
		r := start(b, b.TempDir(), settings(b, liteConfig), time.Now)
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := (backend{r.engine}).Submit(b.Context(), []quota.Event{next()}); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("a thousand at once", func(b *testing.B) {
		r := start(b, b.TempDir(), settings(b, liteConfig), time.Now)
		for b.Loop() {
			list := make([]quota.Event, 1000)
			for i := range list {
				list[i] = next()
			}
			if _, err := (backend{r.engine}).Submit(b.Context(), list); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "us/event")
	})
}
