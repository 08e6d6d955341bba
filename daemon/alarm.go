package daemon

import (
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"
)

// Heartbeat is how often the engine looks at the clock though nothing told it
// to: the backup of all other wake-ups. Where one of those cannot be had, it
// looks at each Fallback.
const (
	Heartbeat = 5 * time.Minute
	Fallback  = 30 * time.Second
)

// alarm decides when the engine looks, never what it sees: it calls look at
// the next window boundary and at each heartbeat, and runs the housekeeping.
// Its methods are safe for concurrent use.
type alarm struct {
	cron *cron.Cron
	look func()
	// due hears of the instant at which the next of all is due, after each
	// change; nil: nobody does. It is set before the start.
	due     func(time.Time)
	telling sync.Mutex // the last that is told is the last that is so

	mu       sync.Mutex
	boundary cron.EntryID
	at       time.Time // the boundary it is set to; zero: none
}

// once is a schedule with one instant of the wall clock in it. After that it
// never rings.
type once time.Time

// Next implements cron.Schedule; the zero time means never. It counts on from t,
// to keep its monotonic clock: cron waits for the entry that comes first, and
// beside one that knows the wall alone it would compare the heartbeats by the
// wall too, and hold them back for as long as the clock was set back.
func (o once) Next(t time.Time) time.Time {
	if left := time.Time(o).Sub(t); left > 0 {
		return t.Add(left)
	}
	return time.Time{}
}

// newAlarm is an alarm that is not running yet.
func newAlarm(look func(), beat time.Duration, log zerolog.Logger) *alarm {
	logger := cronLog{log}
	a := &alarm{look: look}
	// In this order: reversed, a job that panicked once would never run again.
	a.cron = cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger),
		cron.WithChain(a.first, cron.SkipIfStillRunning(logger), cron.Recover(logger)))
	a.often(beat)
	return a
}

// often looks at a shorter interval as well.
func (a *alarm) often(every time.Duration) { a.beside(every, a.look) }

// beside does a job at an interval, of the time that the machine is awake: steps
// of the clock move it not. With the heartbeat's it costs no wake-up of its own.
func (a *alarm) beside(every time.Duration, job func()) {
	a.cron.Schedule(cron.Every(every), cron.FuncJob(job))
	a.tell()
}

// first makes of a job one that first tells when the next one is due: no other
// call of ours tells that an instant has passed.
func (a *alarm) first(job cron.Job) cron.Job {
	return cron.FuncJob(func() {
		a.tell()
		job.Run()
	})
}

// tell tells when the next entry is due; the zero time where none is.
func (a *alarm) tell() {
	if a.due == nil {
		return
	}
	a.telling.Lock()
	defer a.telling.Unlock()
	var first time.Time
	for _, e := range a.cron.Entries() {
		if !e.Next.IsZero() && (first.IsZero() || e.Next.Before(first)) {
			first = e.Next
		}
	}
	a.due(first)
}

// set moves the boundary alarm; the zero time clears it.
func (a *alarm) set(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at.Equal(a.at) {
		return
	}
	a.move(at)
}

// wind sets the boundary alarm anew. Cron counts on a monotonic clock, which
// stands still in suspend and ignores steps: any change makes it read the
// wall clock again.
func (a *alarm) wind() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.move(a.at)
}

// move replaces the entry: cron keeps the next instant of an entry in a cache.
func (a *alarm) move(at time.Time) {
	if a.boundary != 0 {
		a.cron.Remove(a.boundary)
		a.boundary = 0
	}
	a.at = at
	defer a.tell()
	if at.IsZero() {
		return
	}
	a.boundary = a.cron.Schedule(once(at), cron.FuncJob(a.look))
	if !at.After(time.Now()) { // it passed meanwhile: cron would never ring
		a.look()
	}
}

func (a *alarm) start() {
	a.cron.Start()
	a.tell()
}

// stop rings no more; the channel closes when the jobs that run have ended.
func (a *alarm) stop() <-chan struct{} { return a.cron.Stop().Done() }

// cronLog gives cron's complaints to the log; its chatter is dropped.
type cronLog struct{ zerolog.Logger }

func (l cronLog) Info(string, ...any) {}

func (l cronLog) Error(err error, msg string, _ ...any) {
	l.Logger.Error().Err(err).Msg("scheduler: " + msg)
}
