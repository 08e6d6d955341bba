package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/provider"
	"quotad/daemon/store"
	"quotad/daemon/transcript"
	"quotad/notify"
)

// mostLines is what the log of a day may come to.
const mostLines = 20

// All that may come about again and again does, every five minutes: the
// provider cannot be reached and can again, and so can the desktop; a hook has to
// leave its event in the spool, the disk is full and is not, and another session
// has a record that cannot be read.
func TestTheLogOfAnUnquietDayIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log := sparing(zerolog.New(&text).Level(zerolog.InfoLevel))
		r := startWithAlarm(t, t.TempDir(), settings(t, liteConfig))
		defer r.stop()
		d := &service{spare: log}
		p := pollerOf(r.engine, log, &pollTally{})
		x := newPolled("default", config.Provider{}, &scripted{}, &oneKey{key: "one"})
		drain := newDrainer(t.TempDir(), r.engine, log)
		f := newFollower(r.engine, transcripts{}, log)
		e := &Engine{log: log, broken: make(chan error, 1)}
		for day := range 3 {
			text.Reset()
			for i := range 24 * 12 {
				unquiet(d, p, x, i%2 == 0)
				drop(t, drain, time.Now().Format("150405")+".json", `{"count":"x"}`)
				time.Sleep(5 * time.Minute)
				drain.drain(t.Context())
				f.complain(fmt.Sprint("/record ", day, i), transcript.ErrNotFile)
				for _, err := range []error{errors.New("no space"), nil} {
					drain.complain(t.Context(), err)
					e.complain(err)
				}
			}
			if n := bytes.Count(text.Bytes(), []byte("\n")); n > mostLines {
				t.Errorf("day %d: %d lines\n%s", day, n, text.String())
			}
			for _, kind := range []string{"reads the provider", "cannot be read", `"notice"`, "spooled", "not drained", "record is not read", "cannot store", "storing works"} {
				if !strings.Contains(text.String(), kind) {
					t.Errorf("day %d: not a word of %q in\n%s", day, kind, text.String())
				}
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
