package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"quotad/config"
	"quotad/daemon/store"
	"quotad/quota"
)

func TestVerifyStreamsToItsResult(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	var events []quota.Event
	for i := range 2000 {
		events = append(events, prompt(fmt.Sprint(i), time.Duration(i)*time.Second))
	}
	r.post(events...)
	status, got := r.served().call(t, "POST /v1/verify", "", "")
	lines := strings.Split(got, "\n")
	if status != http.StatusOK || !strings.HasPrefix(lines[0], `{"progress":{"done":`) {
		t.Errorf("began with %d %s", status, lines[0])
	}
	var last VerifyLine
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Result == nil {
		t.Fatalf("ended with %s (%v)", lines[len(lines)-1], err)
	}
	if v := *last.Result; !v.OK || v.Events != 2000 || v.Accounts != 1 || v.Points == 0 || len(v.Problems) != 0 {
		t.Errorf("came to %+v", v)
	}
	if !bytes.Contains([]byte(got), []byte(`"problems":[]`)) {
		t.Error("no problems are not an empty list")
	}
}

// spoilt changes what is kept of the default account behind the engine's back.
func (r *rig) spoilt(t *testing.T, f func(*store.Tx) error) Verification {
	t.Helper()
	if err := r.store.Update(f); err != nil {
		t.Fatal(err)
	}
	v, err := r.engine.Verify(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerifyFinds(t *testing.T) {
	other := quota.State{Head: noon, HeadID: "x", Windows: make([]quota.Standing, 2)}
	for _, c := range []struct {
		name, want string
		spoil      func(*store.Tx) error
	}{
		{"counters that are not the fold of the events", "the counters are not what its events give: 5h has 0, and the events give 2",
			func(tx *store.Tx) error { return tx.PutState(quota.DefaultAccount, other.Encode()) }},
		{"a checkpoint that is not", "the checkpoint of 2026-11-23T11:59:59Z is not what the events before it give",
			func(tx *store.Tx) error {
				return tx.PutCheckpoint(quota.DefaultAccount, quota.Checkpoint{At: noon.Add(-time.Second), State: other.Encode()})
			}},
		{"events that nobody counted", "there are events and no counters",
			func(tx *store.Tx) error { // more than may wait, and be counted later
				for i := range 20 {
					if _, err := tx.Put(prompt(fmt.Sprint("more", i), time.Second).Normalize(noon)); err != nil {
						return err
					}
				}
				return nil
			}},
		{"counters that cannot be read", "state of an account",
			func(tx *store.Tx) error { return tx.PutState(quota.DefaultAccount, []byte("{")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
			r.post(prompt("a", 2*time.Second), prompt("b", time.Second))
			v := r.spoilt(t, c.spoil)
			if v.OK || len(v.Problems) != 1 || !strings.Contains(v.Problems[0], c.want) {
				t.Errorf("found %q, want %q", v.Problems, c.want)
			}
		})
	}
}

func TestVerifyIsRightAfterEventsWereForgotten(t *testing.T) {
	for _, kind := range []string{"fixed", "rolling"} {
		t.Run(kind, func(t *testing.T) {
			var now atomic.Pointer[time.Time]
			set := func(t time.Time) { now.Store(&t) }
			set(noon)
			s := settings(t, strings.Replace(labConfig, `kind = "fixed"`, `kind = "`+kind+`"`, 1)+"[store]\nretention_days = 35\n")
			r := start(t, t.TempDir(), s, func() time.Time { return *now.Load() })
			for day := range 5 {
				set(noon.Add(time.Duration(day) * 24 * time.Hour))
				midnight := now.Load().Truncate(24 * time.Hour) // a checkpoint is made after it
				for i, at := range []time.Duration{-5 * time.Second, 5 * time.Second} {
					r.post(quota.Event{ID: fmt.Sprint(day, i), At: midnight.Add(at)})
				}
			}
			set(noon.Add(20 * 24 * time.Hour)) // the clock is believed while events go on
			r.post(quota.Event{ID: "later"})
			set(noon.Add((35 + 4) * 24 * time.Hour))
			if err := r.engine.Prune(context.Background()); err != nil {
				t.Fatal(err)
			}
			v, err := r.engine.Verify(context.Background(), nil)
			if err != nil || !v.OK {
				t.Errorf("%v, %q", err, v.Problems)
			}
			if v.Events >= 11 {
				t.Error("nothing was forgotten, so nothing was tested")
			}
		})
	}
}

func TestVerifyEndsWithItsCaller(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), atNoon)
	r.post(prompt("a", time.Second))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.engine.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestOffline(t *testing.T) {
	paths := config.Paths{StateDir: t.TempDir()}
	s := settings(t, labConfig)
	record := func(e *Engine) error {
		results, err := e.Backend().Submit(context.Background(), []quota.Event{prompt("a", time.Second).Normalize(noon)})
		if err == nil && results[0].Status != quota.Recorded {
			err = fmt.Errorf("%+v", results)
		}
		return err
	}
	if err := Offline(paths, s, atNoon, record); err != nil {
		t.Fatal(err)
	}
	v, err := VerifyOffline(context.Background(), paths, s, atNoon, nil)
	if err != nil || !v.OK || v.Events != 1 {
		t.Errorf("checked: %+v, %v", v, err)
	}
	wrong := errors.New("wrong")
	if err := Offline(paths, s, atNoon, func(*Engine) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("gave back %v", err)
	}
	start(t, paths.StateDir, s, atNoon)
	var known *store.Error
	if err := Offline(paths, s, atNoon, record); !errors.Is(err, store.ErrLocked) || !errors.As(err, &known) || known.Hint == "" {
		t.Errorf("beside a daemon: %v", err)
	}
}

func TestVerifyOfflineTellsWhatWasMended(t *testing.T) {
	paths := config.Paths{StateDir: t.TempDir()}
	s := settings(t, labConfig)
	if err := Offline(paths, s, atNoon, func(*Engine) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(paths.StateDir, "quotad.db"), make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := VerifyOffline(context.Background(), paths, s, atNoon, nil)
	if err != nil || v.OK || len(v.Problems) == 0 || !strings.Contains(v.Problems[0], "damaged") {
		t.Errorf("came to %+v, %v", v, err)
	}
}
