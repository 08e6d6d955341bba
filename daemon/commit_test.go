package daemon

import (
	"errors"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// stillRig is an engine whose loop does not run: a test commits by itself.
func stillRig(t *testing.T) (*Engine, *store.Store) {
	t.Helper()
	s, _, err := store.Open(store.Options{Dir: t.TempDir(), Now: atNoon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	e, err := NewEngine(s, settings(t, labConfig), atNoon, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	return e, s
}

// recording is an operation that records a prompt, and what came of it.
func recording(id string) (o *operation, got *api.Result) {
	got = new(api.Result)
	return &operation{done: make(chan error, 1), do: func(w *work) (err error) {
		*got, err = w.record(quota.Event{ID: id}.Fill(noon))
		return err
	}}, got
}

func usedOf(t *testing.T, e *Engine) quota.Amount {
	t.Helper()
	st, known := e.Snapshot().Status(quota.DefaultAccount, noon)
	if !known {
		return 0
	}
	return st.Windows[0].Used
}

func TestNothingIsAcknowledgedOfABatchThatFails(t *testing.T) {
	e, s := stillRig(t)
	broken := errors.New("the disk")
	first, _ := recording("one")
	last, _ := recording("two")
	batch := []*operation{first, {do: func(*work) error { return broken }, done: make(chan error, 1)}, last}
	e.commit(batch)
	for i, o := range batch {
		if err := <-o.done; !errors.Is(err, broken) {
			t.Errorf("operation %d was answered with %v", i, err)
		}
	}
	if used := usedOf(t, e); used != 0 {
		t.Errorf("%v is counted of what was not stored", used)
	}
	if e.counts.events.Load() != 0 || e.counts.failures.Load() != 1 {
		t.Errorf("counted %d events and %d failures", e.counts.events.Load(), e.counts.failures.Load())
	}
	if _, ok := lookedUp(t, s, "one"); ok {
		t.Error("a part of the batch was stored")
	}

	again, got := recording("one")
	e.commit([]*operation{again})
	if err := <-again.done; err != nil || got.Status != quota.Recorded || usedOf(t, e) != quota.One {
		t.Errorf("sent again: %v, %+v, used %v", err, *got, usedOf(t, e))
	}
}

func TestAStoreThatIsGoneRefusesWithUnavailable(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.store.Close()
	results, err := backend{r.engine}.Submit(t.Context(), []quota.Event{quota.Event{ID: "one"}.Fill(noon)})
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Code != api.Unavailable || results != nil {
		t.Errorf("%v, %v", results, err)
	}
	if used := usedOf(t, r.engine); used != 0 {
		t.Errorf("%v is counted of what was not stored", used)
	}
}

// A commit that failed may be on the disk all the same. Its sender sends it
// again, and is told that it is there: then it has to be counted too.
func TestWhatAFailedCommitLeftOnTheDiskIsCounted(t *testing.T) {
	e, s := stillRig(t)
	fails := &operation{do: func(*work) error { return errors.New("the disk") }, done: make(chan error, 1)}
	e.commit([]*operation{fails})
	beside, err := NewEngine(s, *e.settings, atNoon, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	there, _ := recording("one")
	beside.commit([]*operation{there})
	if err := <-there.done; err != nil {
		t.Fatal(err)
	}
	again, got := recording("one")
	e.commit([]*operation{again})
	if err := <-again.done; err != nil || got.Status != quota.Duplicate || usedOf(t, e) != quota.One {
		t.Errorf("sent again: %v, %+v, used %v of 1", err, *got, usedOf(t, e))
	}
}

func lookedUp(t *testing.T, s *store.Store, id string) (e quota.Entry, ok bool) {
	t.Helper()
	err := s.View(func(tx *store.Tx) (err error) {
		e, _, ok, err = tx.Lookup(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, ok
}

// A request that waits in the queue is answered, whichever way the engine goes.
func TestNobodyWaitsForAnEngineThatHasStopped(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.stop()
	done := make(chan error, 1)
	go func() {
		_, err := backend{r.engine}.Submit(t.Context(), []quota.Event{quota.Event{ID: "one"}.Fill(noon)})
		done <- err
	}()
	select {
	case err := <-done:
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Code != api.Unavailable {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting")
	}
}
