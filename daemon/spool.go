package daemon

import (
	"context"
	"errors"
	"os"

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
}

func newDrainer(dir string, e *Engine, log zerolog.Logger) *drainer {
	return &drainer{spool: api.Spool{Dir: dir}, engine: e, log: log, poke: make(chan struct{}, 1)}
}

// look asks for a drain, soon.
func (d *drainer) look() {
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// run drains at once, and each time a file comes, until ctx ends. The
// heartbeat, which calls look, covers a folder that cannot be watched.
func (d *drainer) run(ctx context.Context) {
	events := d.watch(ctx)
	for ctx.Err() == nil {
		d.drain(ctx)
		select {
		case <-ctx.Done():
		case <-d.poke:
		case <-events:
		}
	}
}

// watch gives a signal for each file that comes to the spool.
func (d *drainer) watch(ctx context.Context) <-chan struct{} {
	came := make(chan struct{}, 1)
	watcher, err := fsnotify.NewWatcher()
	if err == nil {
		err = errors.Join(os.MkdirAll(d.spool.Dir, 0o700), watcher.Add(d.spool.Dir))
	}
	if err != nil {
		d.log.Warn().Err(err).Msg("cannot watch the spool; it is looked at each minute")
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
				if !ev.Has(fsnotify.Create) {
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

// drain records what is there, oldest first.
func (d *drainer) drain(ctx context.Context) {
	done, err := d.spool.Deliver(func(events []quota.Event) ([]api.Result, error) {
		return backend{d.engine}.Submit(ctx, events)
	})
	if err != nil && ctx.Err() == nil {
		d.log.Warn().Err(err).Msg("the spool is not drained; it is tried again")
	}
	if done.Taken+done.SetAside > 0 {
		d.log.Info().Int("events", done.Taken).Int("set aside", done.SetAside).Msg("took in what was spooled")
	}
}
