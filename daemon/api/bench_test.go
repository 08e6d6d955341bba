package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"quotad/quota"
)

// null is a Backend that takes everything and keeps nothing.
type null struct{ memory }

func (*null) Submit(_ context.Context, events []quota.Event) ([]Result, error) {
	out := make([]Result, len(events))
	for i, e := range events {
		out[i] = Result{ID: e.ID, Status: quota.Recorded, Seq: uint64(i + 1)}
	}
	return out, nil
}

// BenchmarkPost64 posts one event a request on 64 kept connections; the client is
// as thin as can be, but shares the machine.
func BenchmarkPost64(b *testing.B) {
	socket := serve(b, &null{})
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	done := make(chan error)
	for range 64 {
		go func() { done <- hammer(socket, &next, int64(b.N)) }()
	}
	for range 64 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func hammer(socket string, next *atomic.Int64, n int64) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	answer := make([]byte, 4096)
	head := fmt.Sprintf("POST /v1/events HTTP/1.1\r\nHost: q\r\nContent-Length: %d\r\n\r\n", len(fullLine))
	request := append([]byte(head), fullLine...)
	for next.Add(1) <= n {
		if _, err := c.Write(request); err != nil {
			return err
		}
		k, err := c.Read(answer)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(answer[:k], []byte("HTTP/1.1 200")) {
			return fmt.Errorf("answered %s", answer[:k])
		}
	}
	return nil
}

// BenchmarkPost64HTTP is the same with net/http on both sides.
func BenchmarkPost64HTTP(b *testing.B) {
	client := httpClient(b, serve(b, &null{}))
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Post("http://q/v1/events", "application/json", bytes.NewReader(fullLine))
			if err != nil {
				b.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				b.Errorf("answered %s", resp.Status)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkPostLines(b *testing.B) {
	c := &Client{Sockets: []string{serve(b, &null{})}}
	lines := []byte(strings.Repeat(string(fullLine)+"\n", MaxLines))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.RecordLines(context.Background(), lines); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*MaxLines/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkHookPost is what a hook does once it runs: connect, send, wait.
func BenchmarkHookPost(b *testing.B) {
	sockets := []string{serve(b, &null{})}
	for b.Loop() {
		if d, err := Post(sockets, fullLine, time.Now().Add(time.Second)); d.Delivery != Delivered {
			b.Fatal(err)
		}
	}
}
