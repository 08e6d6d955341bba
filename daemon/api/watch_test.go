package api

import (
	"context"
	"testing"
	"time"

	"quotad/quota"
)

// follow watches in the background and hands on what comes.
func follow(t *testing.T, c *Client, account string) (updates <-chan Update, end <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	out, done := make(chan Update), make(chan error, 1)
	go func() {
		for u, err := range c.Watch(ctx, account) {
			if err != nil {
				done <- err
				return
			}
			select {
			case out <- u:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, done
}

func next(t *testing.T, updates <-chan Update) Update {
	t.Helper()
	select {
	case u := <-updates:
		return u
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return Update{}
	}
}

func TestWatchTellsAtOnceAndAfterEachChange(t *testing.T) {
	m := &memory{}
	c := &Client{Sockets: []string{serve(t, m)}}
	updates, _ := follow(t, c, "")
	if u := next(t, updates); u.Status == nil || u.Status.Accounts[0].Binding != "0" {
		t.Fatalf("at once: %+v", u)
	}
	if _, err := c.Record(context.Background(), quota.Event{At: testNow}); err != nil {
		t.Fatal(err)
	}
	m.change()
	if u := next(t, updates); u.Status == nil || u.Status.Accounts[0].Binding != "1" {
		t.Fatalf("after an event: %+v", u)
	}
	m.tell(quota.Notice{Kind: quota.NoticeThreshold, Account: "default", Level: 90, At: testNow})
	if u := next(t, updates); u.Notice == nil || u.Notice.Level != 90 {
		t.Fatalf("a notice: %+v", u)
	}
}

func TestWatchOfOneAccountLeavesOutNoticesOfOthers(t *testing.T) {
	m := &memory{}
	updates, _ := follow(t, &Client{Sockets: []string{serve(t, m)}}, "default")
	next(t, updates)
	m.tell(quota.Notice{Account: "work", Level: 75})
	m.tell(quota.Notice{Account: "default", Level: 90})
	if u := next(t, updates); u.Notice == nil || u.Notice.Level != 90 {
		t.Errorf("got %+v", u)
	}
}

func TestWatchEndsWithTheServer(t *testing.T) {
	var server *Server
	m := &memory{}
	updates, end := follow(t, &Client{Sockets: []string{serve(t, m, func(s *Server) { server = s })}}, "")
	next(t, updates)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Errorf("a watcher holds the server up: %v", err)
	}
	if err := <-end; err == nil {
		t.Error("ended without a word")
	}
}

func TestWatchEndsWithItsFeed(t *testing.T) {
	m := &memory{}
	updates, end := follow(t, &Client{Sockets: []string{serve(t, m)}}, "")
	next(t, updates)
	close(m.feeds[0].notices)
	if err := <-end; err == nil {
		t.Error("ended without a word")
	}
}

func TestWatcherThatGoesIsForgotten(t *testing.T) {
	m := &memory{}
	c := &Client{Sockets: []string{serve(t, m)}}
	for range c.Watch(context.Background(), "") {
		break
	}
	for deadline := time.Now().Add(10 * time.Second); m.watchers() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("its feed stands")
		}
	}
}
