package daemon

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/provider"
	"quotad/daemon/store"
	"quotad/notify"
)

// mostLines is what the log of a day may come to.
const mostLines = 20

// All that may come about again and again does, every five minutes: the
// provider cannot be reached and can again, and so can the desktop; and a hook
// has to leave its event in the spool.
func TestTheLogOfAnUnquietDayIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log := zerolog.New(&text).Level(zerolog.InfoLevel)
		r := startWithAlarm(t, t.TempDir(), settings(t, liteConfig))
		defer r.stop()
		d := &service{Options: Options{Log: log}, unsent: sparing(log)}
		p := pollerOf(r.engine, log, &pollTally{})
		x := newPolled("default", config.Provider{}, &scripted{}, &oneKey{key: "one"})
		drain := newDrainer(t.TempDir(), r.engine, log)
		for day := range 3 {
			text.Reset()
			for i := range 24 * 12 {
				unquiet(d, p, x, i%2 == 0)
				drop(t, drain, time.Now().Format("150405")+".json", `{"count":"x"}`)
				time.Sleep(5 * time.Minute)
				drain.drain(t.Context())
			}
			if n := bytes.Count(text.Bytes(), []byte("\n")); n > mostLines || n < 4 {
				t.Errorf("day %d: %d lines\n%s", day, n, text.String())
			}
		}
	})
}

func unquiet(d *service, p *poller, x *polled, well bool) {
	outcome, fault := notify.Delivered, (*provider.Fault)(nil)
	x.known = store.Provider{Fault: &store.ProviderFault{Kind: provider.FaultTransient.String()}}
	if !well {
		outcome, fault = notify.NoServer, &provider.Fault{Kind: provider.FaultTransient, Message: "no route"}
		x.known = store.Provider{GoodAt: time.Now()}
	}
	d.reported(notify.Report{Sender: "desktop", Outcome: outcome})
	p.tell(x, provider.Reply{}, fault, 0)
}
