package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"quotad/quota"
)

const (
	// watchPace is the least time between two states sent to one watcher, so that
	// a burst of events is not a burst of documents.
	watchPace = 50 * time.Millisecond
	// watchQuiet is how long a stream may be silent before a comment says that it
	// still stands. It is long, for each comment wakes two processes.
	watchQuiet = 5 * time.Minute
)

// watch streams the state, at once and after each change, and each notice.
func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	p := readParams(r, "account")
	account := p.account()
	if p.err != nil {
		WriteError(w, p.err)
		return
	}
	feed := s.backend.Subscribe()
	defer feed.Cancel()
	if _, known := s.backend.Status(account, s.now()); !known {
		WriteError(w, unknownAccount(account))
		return
	}
	wt := &watcher{server: s, account: account, feed: feed, out: NewStream(w, "text/event-stream")}
	if r.Method == http.MethodHead {
		wt.out.Close()
		return
	}
	wt.run(r.Context())
}

// watcher is one stream of server-sent events.
type watcher struct {
	server  *Server
	account string
	feed    Feed
	out     *Stream
}

// run sends until the client is gone, the feed ends or the server stops. While
// a write blocks, changes gather to one; the client then gets the newest.
func (w *watcher) run(ctx context.Context) {
	err := w.status()
	changes := (<-chan struct{})(nil)
	pace := time.NewTimer(watchPace)
	quiet := time.NewTimer(watchQuiet)
	defer pace.Stop()
	defer quiet.Stop()
	for err == nil {
		select {
		case <-pace.C:
			changes = w.feed.Changes
			continue
		case <-changes:
			err = w.status()
			changes = nil
			pace.Reset(watchPace)
		case n, open := <-w.feed.Notices:
			if !open {
				return
			}
			err = w.notice(n)
		case <-quiet.C:
			err = w.comment()
		case <-ctx.Done():
			return
		case <-w.server.stop:
			return
		}
		quiet.Reset(watchQuiet)
	}
}

func (w *watcher) status() error {
	doc, _ := w.server.backend.Status(w.account, w.server.now())
	return w.send("status", doc)
}

func (w *watcher) notice(n quota.Notice) error {
	if w.account != "" && n.Account != w.account {
		return nil
	}
	return w.send("notice", n)
}

func (w *watcher) comment() error {
	if _, err := w.out.Write([]byte(": still here\n\n")); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *watcher) send(event string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	piece := append([]byte("event: "+event+"\ndata: "), data...)
	if _, err := w.out.Write(append(piece, "\n\n"...)); err != nil {
		return err
	}
	return w.out.Flush()
}
