package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"quotad/config"
	"quotad/notify"
	"quotad/quota"
)

// startPipeline begins telling notices by the present settings.
func (d *service) startPipeline() {
	settings := d.engine.Snapshot().Settings
	p := &notify.Pipeline{
		Log:     outbox{d.engine},
		Senders: d.senders(settings),
		Quiet:   quiet(settings.Notify.QuietHours),
		Zone:    d.engine.zone.now,
		Now:     d.engine.now,
		Report:  d.reported,
		Current: func(account string, now time.Time) (quota.Status, bool) {
			return d.engine.Snapshot().Status(account, now)
		},
	}
	if len(settings.Notices.Thresholds) > 0 {
		p.Low = slices.Min(settings.Notices.Thresholds)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pipe, d.close = p, func() { cancel(); <-done }
}

// stopPipeline ends the telling; what is on its way is told or kept.
func (d *service) stopPipeline() {
	d.mu.Lock()
	end := d.close
	d.pipe, d.close = nil, nil
	d.mu.Unlock()
	if end != nil {
		end()
	}
}

// poke makes the pipeline look.
func (d *service) poke() {
	d.mu.Lock()
	p := d.pipe
	d.mu.Unlock()
	if p != nil {
		p.Poke()
	}
}

func (d *service) senders(s *config.Settings) []notify.Sender {
	var list []notify.Sender
	if s.Notify.Desktop {
		list = append(list, notify.NewDesktop(nil, d.Env))
	}
	if len(s.Notify.Command) > 0 {
		list = append(list, notify.NewCommand(s.Notify.Command))
	}
	return list
}

func quiet(q config.QuietHours) notify.Quiet {
	return notify.Quiet{Start: int(q.Start / time.Minute), End: int(q.End / time.Minute)}
}

// reported logs what became of a sending. What goes well, and what fails as it
// did the time before, is told at debug alone: a machine without a desktop
// would fill its log.
func (d *service) reported(r notify.Report) {
	failed := r.Err != nil || r.Outcome.Retry()
	ev := d.spare.Debug()
	if d.outcomes.new(r.Sender, r.Outcome) && failed {
		ev = d.spare.Info()
	}
	if !r.Next.IsZero() {
		ev = ev.Time("again", r.Next)
	}
	ev.AnErr("error", r.Err).Str("notice", string(r.Item.Kind)).Str("window", r.Item.Window).Int("mark", r.Item.Level).
		Str("to", r.Sender).Stringer("outcome", r.Outcome).Msg("notice")
}

// outcomes are the last of each sender.
type outcomes struct {
	mu   sync.Mutex
	last map[string]notify.Outcome
}

// new notes an outcome, and reports whether it differs from the one before.
func (o *outcomes) new(sender string, now notify.Outcome) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, known := o.last[sender]
	if o.last == nil {
		o.last = map[string]notify.Outcome{}
	}
	o.last[sender] = now
	return !known || before != now
}
