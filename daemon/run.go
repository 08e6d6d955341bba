package daemon

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/notify"
)

// Limits of a graceful stop: what was asked is answered first.
const (
	stopServer = 3 * time.Second
	lockWait   = 2 * time.Second
	goneCheck  = 2 * time.Second // how often the file is looked for while writing
)

// Options are what the service runs on.
type Options struct {
	Paths   config.Paths
	Load    func() (config.Settings, error) // reads the configuration, at a reload too
	Env     func(string) string
	Log     zerolog.Logger
	Version string
	// Refill, where set, records through the daemon that runs what these coding
	// tools have kept since an instant, and gives how many events were new.
	Refill func(ctx context.Context, since time.Time, tools []string) (int, error)
	Ready  func() // called once it serves; may be nil
}

// Run is the service: it takes the database and the socket, serves until ctx
// ends, and stops without losing anything acknowledged. A value on reload makes
// it read the configuration again. The error says what kept it from starting,
// or what ended it.
func Run(ctx context.Context, o Options, reload <-chan struct{}) error {
	settings, err := o.Load()
	if err != nil {
		return err
	}
	super := newSupervisor()
	if super.watch > 0 {
		defer reportHangs(o.Log)()
	}
	started := super.starting()
	defer started()
	s, report, err := openStore(o)
	if err != nil {
		return err
	}
	defer s.Close()
	spare := sparing(o.Log)
	engine, err := NewEngine(s, settings, time.Now, spare)
	if errors.Is(err, store.ErrDamaged) {
		s.Distrust(err) // the next start looks at everything
	}
	if err != nil {
		return err
	}
	started()
	ln, handed, err := listen(o.Paths.Socket)
	if err != nil {
		return err
	}
	d := &service{
		Options: o, lacks: report.Lacks, engine: engine, store: s, super: super, handed: handed, failed: make(chan error, 1), spare: spare,
	}
	return d.serve(ctx, ln, reload)
}

// openStore opens the database and says what was done to it.
func openStore(o Options) (*store.Store, store.Report, error) {
	s, report, err := store.Open(store.Options{Dir: o.Paths.StateDir, Now: time.Now, LockTimeout: lockWait})
	if err == nil || report.Aside != "" { // what was done then is done, and the next start knows nothing of it
		for _, line := range report.Lines() {
			o.Log.Warn().Msg(line)
		}
	}
	return s, report, err
}

// service is a running daemon.
type service struct {
	Options
	engine *Engine
	store  *store.Store
	super  *supervisor
	alarm  *alarm
	drain  *drainer
	follow *follower
	ear    func() // ends listening for Crush; of the goroutine that serves
	server *api.Server
	lacks  time.Time      // since when the database may lack events; zero: it does not; see store.Report
	handed bool           // systemd made the socket, and keeps it
	parts  sync.WaitGroup // all but the engine
	failed chan error     // the API ended by itself

	mu    sync.Mutex
	pipe  *notify.Pipeline // the present one
	close func()           // ends it

	poll     *poller      // the present one, of mu too; nil where no reading is enabled
	endPoll  func()       // ends it
	exchange sync.RWMutex // held for writing while one takes the place of another
	polls    pollTally

	house    sync.Mutex  // one housekeeping at a time
	cramped  bool        // of house: there was no room for a compaction
	unbacked atomic.Bool // the last daily backup failed, and it was told

	zoneSeen atomic.Pointer[time.Location] // at the last look

	outcomes outcomes       // of the senders, so that the log tells what is new
	keeping  sync.Mutex     // of keepSocket
	deaf     bool           // the socket could not be made again, and that was said; of keeping
	spare    zerolog.Logger // of what may come about again and again
	rest     rest
}

// serve runs all parts, and takes them down in the order that loses nothing:
// first whoever brings events, last the engine.
func (d *service) serve(ctx context.Context, ln net.Listener, reload <-chan struct{}) error {
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	partsCtx, stopParts := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	defer stopParts()

	crew := newCrew(d.Env)
	d.engine.wake, d.engine.answers = d.published, crew.serves
	d.alarm = newAlarm(d.look, d.super.beat(), d.spare)
	d.beOnTime(partsCtx)
	d.keepHouse(partsCtx)
	d.follow = newFollower(d.engine, transcripts{}, d.spare)
	d.engine.prompted = d.follow.prompted
	d.drain = newDrainer(d.Paths.Spool, d.engine, d.spare)
	d.server = api.NewServer(api.Config{Backend: withParts{backend{d.engine}, d}, Extra: d.extra(), ErrorLog: stdlog.New(d.spare, "", 0)})

	var engine sync.WaitGroup
	engine.Go(func() { d.engine.Run(engineCtx) })
	d.hear(ln)
	d.parts.Go(func() { d.drain.run(partsCtx) })
	d.parts.Go(func() { d.follow.run(partsCtx) })
	d.parts.Go(func() { d.watchClock(partsCtx) })
	d.parts.Go(func() { d.housekeep(partsCtx) })
	d.parts.Go(func() { d.scrub(partsCtx) })
	d.parts.Go(func() { d.refill(partsCtx) })
	d.startPipeline()
	d.startPoller()
	d.ear = d.startCrush()
	d.rest.begin(d.Env)
	d.alarm.beside(d.super.beat(), func() { d.rest.beat(); crew.beat() })
	d.alarm.start()
	settle := time.AfterFunc(restAfter, d.rest.start)
	defer settle.Stop()
	defer d.rest.wake()
	d.super.ready()
	if d.Ready != nil {
		d.Ready()
	}
	d.Log.Info().Str("version", d.Version).Str("socket", ln.Addr().String()).Msg("ready")

	err := d.wait(ctx, reload)
	d.super.stopping()
	d.ear()
	d.stop(stopParts)
	d.parts.Wait()
	stopEngine()
	engine.Wait()
	if err == nil {
		d.Log.Info().Msg("stopped")
	}
	return err
}

// wait returns when the service is to end, and why where that is a fault.
func (d *service) wait(ctx context.Context, reload <-chan struct{}) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-d.failed:
			return err
		case <-reload:
			d.reload(ctx)
		case err := <-d.store.Damaged():
			d.engine.failed(err)
		case err := <-d.engine.Broken():
			return err
		}
	}
}

// stop ends what brings events and tells notices.
func (d *service) stop(stopParts func()) {
	ctx, cancel := context.WithTimeout(context.Background(), stopServer)
	defer cancel()
	jobs := d.alarm.stop()
	d.engine.subs.close()
	stopParts()
	var both sync.WaitGroup
	both.Go(d.stopPoller)
	both.Go(d.stopPipeline)
	both.Go(func() {
		if err := d.server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			d.Log.Warn().Err(err).Msg("the local API did not end well")
		}
	})
	both.Wait()
	<-jobs
}

// look is what every wake-up comes to.
func (d *service) look() {
	d.keepSocket()
	d.engine.Look()
	d.drain.look()
	d.poller().look()
	d.lookAtZone()
}

// lookAtZone has held notices looked at where the machine came into another
// zone: its quiet hours are others.
func (d *service) lookAtZone() {
	zone := d.engine.zone.now()
	if before := d.zoneSeen.Swap(zone); before != nil && before != zone {
		d.spare.Info().Str("now", d.engine.now().In(zone).Format("15:04 MST")).Msg("this machine is in another time zone")
		d.poke()
	}
}

// beOnTime has the kernel wake the process for the alarm, where it can.
func (d *service) beOnTime(ctx context.Context) {
	timer, err := newPunctual()
	if err != nil {
		d.Log.Debug().Err(err).Msg("alarms may ring a tenth of a second late")
		return
	}
	d.alarm.due = func(next time.Time) { _ = timer.at(next) } // else Go's own timer rings
	d.parts.Go(func() { timer.run(ctx) })
}

// watchClock winds the alarm anew when the clock is set, and after suspend.
func (d *service) watchClock(ctx context.Context) {
	err := watchClock(ctx, func() {
		d.alarm.wind()
		d.look()
		d.follow.look()
		d.poke()
		d.poller().resume()
	})
	if err != nil {
		d.Log.Warn().Err(err).Stringer("looks every", Fallback).Msg("steps of the clock are not told here")
		d.alarm.often(Fallback)
	}
}

// published follows each publication of the engine, on its own goroutine.
func (d *service) published(snap *Snapshot, told bool) {
	now := d.engine.now()
	d.alarm.set(snap.Boundary)
	if d.super.due(now, d.engine.Look) {
		d.super.alive()
		all, _ := snap.Statuses("", now)
		d.super.status(all, now, d.engine.zone.now())
	}
	if told {
		d.poke()
	}
	d.poller().look()
}

// reload reads the configuration again; one that is wrong changes nothing.
func (d *service) reload(ctx context.Context) {
	d.super.reloading()
	defer d.super.ready()
	settings, err := d.Load()
	if err == nil {
		err = d.engine.Reconfigure(ctx, settings)
	}
	if err != nil {
		d.Log.Error().Err(err).Msg("the configuration is not taken; the old one goes on")
		return
	}
	d.stopPipeline()
	d.startPipeline()
	d.exchangePoller()
	d.ear()
	d.ear = d.startCrush()
	d.Log.Info().Msg("took the configuration")
}

// Reconfigure makes settings the present ones; counters that rest on what has
// changed are folded anew.
func (e *Engine) Reconfigure(ctx context.Context, settings config.Settings) error {
	err := e.do(ctx, func(w *work) error { return w.load(&settings) })
	if err != nil {
		return fmt.Errorf("take the configuration: %w", err)
	}
	return nil
}
