package daemon

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"

	"quotad/daemon/api"
	"quotad/quota"
)

// drainer takes in what hooks left in the spool while no daemon answered.
type drainer struct {
	spool  api.Spool
	engine *Engine
	log    zerolog.Logger
	poke   chan struct{}

	failing bool          // the last drain did; of the goroutine that runs
	emptied chan struct{} // closed when the spool was empty for the first time
	once    sync.Once     // of closing it
}

func newDrainer(dir string, e *Engine, log zerolog.Logger) *drainer {
	return &drainer{spool: api.Spool{Dir: dir}, engine: e, log: log, poke: make(chan struct{}, 1), emptied: make(chan struct{})}
}

// look asks for a drain, soon.
func (d *drainer) look() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// drainAgain is how soon a drain is tried again that the engine could not
// store; files that come meanwhile wait too, so that a full disk does not keep
// it busy.
const drainAgain = 2 * time.Second

// settledAgain is how soon files are looked at again that may still be written
// to.
const settledAgain = api.SettleTime + 50*time.Millisecond

// run drains at once, and each time a file comes, until ctx ends. The
// heartbeat, which calls look, covers a folder that cannot be watched.
func (d *drainer) run(ctx context.Context) {
	events := d.watch(ctx)
	for ctx.Err() == nil {
		came, again := events, (<-chan time.Time)(nil)
		switch d.drain(ctx) {
		case notStored:
			came, again = nil, time.After(drainAgain)
		case notYet:
			again = time.After(settledAgain)
		}
		select {
		case <-ctx.Done():
		case <-d.poke:
		case <-came:
		case <-again:
		}
	}
}

// watch gives a signal for each file that comes to the spool.
func (d *drainer) watch(ctx context.Context) <-chan struct{} {
	came := make(chan struct{}, 1)
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = d.enter(watcher)
	}
	if err != nil {
		d.log.Warn().Err(err).Stringer("looks every", spoolPoll).Msg("cannot watch the spool")
		go d.poll(ctx, came)
		return came
	}
	go func() {
		defer watcher.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case <-watcher.Errors:
			case ev := <-watcher.Events:
				if !d.tells(watcher, ev) {
					continue
				}
			}
			select {
			case came <- struct{}{}:
			default:
			}
		}
	}()
	return came
}

// spoolPoll is how often a spool is looked at that cannot be watched.
const spoolPoll = 4 * time.Second

// poll gives a signal now and then, where no watch can be had.
func (d *drainer) poll(ctx context.Context, came chan<- struct{}) {
	tick := time.NewTicker(spoolPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case came <- struct{}{}:
		default:
		}
	}
}

// enter makes the spool where it is missing, and watches it.
func (d *drainer) enter(watcher *fsnotify.Watcher) error {
	return errors.Join(d.spool.Make(), watcher.Add(d.spool.Dir))
}

// tells reports whether there may be a new file. A folder that was taken away
// is made again and watched from then on.
func (d *drainer) tells(watcher *fsnotify.Watcher, ev fsnotify.Event) bool {
	if ev.Name != d.spool.Dir {
		return ev.Has(fsnotify.Create)
	}
	if !ev.Has(fsnotify.Remove | fsnotify.Rename) {
		return false
	}
	if err := d.enter(watcher); err != nil {
		d.log.Warn().Err(err).Msg("cannot watch the spool any more; it is looked at now and then")
	}
	return true
}

// drainEnd says how a drain ended.
type drainEnd int

const (
	drained   drainEnd = iota
	notYet             // all but files that may still be written to
	notStored          // the engine could not store it
)

func (e drainEnd) String() string { return [...]string{"drained", "not yet", "not stored"}[e] }

// drain records what is there, oldest first.
func (d *drainer) drain(ctx context.Context) drainEnd {
	end := drained
	done, err := d.spool.Deliver(func(events []quota.Event) ([]api.Result, error) {
		results, err := backend{d.engine}.Submit(ctx, events)
		if err != nil {
			end = notStored
		}
		return results, err
	})
	d.complain(ctx, err)
	if done.Taken+done.SetAside > 0 {
		d.log.Info().Int("files", done.Taken).Int("set aside", done.SetAside).Msg("took in what was spooled")
	}
	if end == drained && done.Waiting > 0 {
		end = notYet
	}
	if end == drained && err == nil {
		d.once.Do(func() { close(d.emptied) })
	}
	return end
}

// complain logs when draining begins to fail, not each time that it does.
func (d *drainer) complain(ctx context.Context, err error) {
	if err != nil && !d.failing && ctx.Err() == nil {
		d.log.Warn().Err(err).Msg("the spool is not drained; it is tried again")
	}
	d.failing = err != nil
}
