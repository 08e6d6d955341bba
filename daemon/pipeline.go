package daemon

import (
	"context"
	"os"
	"slices"
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
		list = append(list, &notify.Desktop{Env: d.Env})
	}
	if len(s.Notify.Command) > 0 {
		list = append(list, &notify.Command{Args: s.Notify.Command, Environ: os.Environ()})
	}
	return list
}

func quiet(q config.QuietHours) notify.Quiet {
	return notify.Quiet{Start: int(q.Start / time.Minute), End: int(q.End / time.Minute), Zone: time.Local}
}

// reported logs what became of a sending: what went well only at debug.
func (d *service) reported(r notify.Report) {
	ev := d.Log.Debug()
	if r.Err != nil || r.Outcome.Retry() {
		ev = d.Log.Info().AnErr("error", r.Err)
		if !r.Next.IsZero() {
			ev = ev.Time("again", r.Next)
		}
	}
	ev.Str("notice", string(r.Item.Kind)).Str("window", r.Item.Window).Int("level", r.Item.Level).
		Str("to", r.Sender).Stringer("outcome", r.Outcome).Msg("notice")
}
