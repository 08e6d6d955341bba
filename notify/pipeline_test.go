package notify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"quotad/quota"
)

const hour = time.Hour

func virtual(t *testing.T, name string, f func(s *stage)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { f(newStage(t)) })
	})
}

func TestPipelineTells(t *testing.T) {
	virtual(t, "a notice is told at once, and once", func(s *stage) {
		s.run().notice(crossing(75, hour))
		s.toldIs("75")
		s.statesAre("desktop")
		s.p.Poke()
		s.after(hour)
		s.toldIs("75")
	})
	virtual(t, "what was pending before the start is told", func(s *stage) {
		s.log.add(crossing(75, hour))
		s.run().toldIs("75")
	})
	virtual(t, "a hundred at once are told in order", func(s *stage) {
		var notices []quota.Notice
		var want []string
		for i := range 100 {
			n := crossing(75, hour)
			n.Title = fmt.Sprintf("notice %d", i)
			notices, want = append(notices, n), append(want, n.Title)
		}
		s.desktop.takes = 10 * time.Millisecond
		s.run().notice(notices...)
		s.after(2 * time.Second)
		s.toldIs(want...)
	})
	virtual(t, "nobody to tell ends every notice", func(s *stage) {
		s.p.Senders = nil
		s.run().notice(crossing(75, hour))
		s.statesAre(StateNone)
	})
	virtual(t, "a notice without words gets them", func(s *stage) {
		n := crossing(75, hour)
		n.Title = ""
		s.run().notice(n)
		s.toldIs("GLM 5-hour window: 75 % used")
	})
}

func TestPipelineRests(t *testing.T) {
	virtual(t, "nothing is looked at while nothing is pending", func(s *stage) {
		s.p.Quiet = Quiet{Start: 23 * 60, End: 8 * 60}
		s.after(12 * hour)
		s.run().notice(crossing(75, hour))
		reads := s.log.reads
		s.after(100 * hour)
		if s.log.reads != reads {
			s.t.Fatalf("%d reads in 100 h of rest", s.log.reads-reads)
		}
		if s.desktop.up != nil {
			s.t.Fatal("the desktop is watched while nothing is pending")
		}
	})
}

func TestPipelineRetries(t *testing.T) {
	virtual(t, "without a server the attempts grow rare", func(s *stage) {
		s.desktop.down = NoServer
		start := time.Now()
		s.run().notice(crossing(75, 100*hour))
		s.after(hour)
		var at []time.Duration
		for _, t := range s.desktop.at {
			at = append(at, t.Sub(start))
		}
		want := []time.Duration{0, 1e9, 6e9, 36e9, 156e9, 756e9, 1356e9, 1956e9, 2556e9, 3156e9}
		if !slices.Equal(at, want) {
			s.t.Fatalf("attempts at %v, want %v", at, want)
		}
		s.statesAre(StatePending)
	})
	virtual(t, "a server that comes an hour later gets what still holds, in order, once", func(s *stage) {
		s.desktop.down = NoServer
		s.run().notice(crossing(75, 30*time.Minute))
		s.notice(crossing(80, 2*hour))
		s.after(30 * time.Minute)
		s.notice(refresh(), crossing(90, 2*hour))
		s.after(30*time.Minute + time.Second)
		s.desktop.come()
		synctest.Wait()
		s.toldIs("GLM 5-hour window: 80 % used", "GLM 5-hour window: refreshed", "GLM 5-hour window: 90 % used")
		s.statesAre(StateStale, "desktop", "desktop", "desktop")
		if s.desktop.up != nil {
			s.t.Fatal("the desktop is watched while nothing is pending")
		}
		s.after(2 * hour)
		if n := len(s.desktop.titles()); n != 3 {
			s.t.Fatalf("%d told, want 3", n)
		}
	})
	virtual(t, "a server that comes up but is not ready yet is tried again soon", func(s *stage) {
		s.desktop.down = NoServer
		s.run().notice(crossing(75, 10*hour))
		s.after(hour)
		s.desktop.up()
		synctest.Wait()
		s.change(func() { s.desktop.down = 0 })
		s.after(time.Second)
		s.toldIs("GLM 5-hour window: 75 % used")
	})
	virtual(t, "a server that refuses gets the notice once when it relents", func(s *stage) {
		s.desktop.outcome = Refused
		s.run().notice(crossing(75, hour))
		s.after(500 * time.Millisecond)
		s.statesAre(StatePending)
		s.change(func() { s.desktop.outcome = 0 })
		s.after(time.Second)
		s.toldIs("75")
		s.statesAre("desktop")
	})
	virtual(t, "what may have been told is not told again", func(s *stage) {
		s.desktop.outcome = Unknown
		s.run().notice(crossing(75, hour))
		s.after(hour)
		s.toldIs("75")
		s.statesAre(StateUnknown)
	})
	virtual(t, "a log that fails for a while delays, and repeats nothing", func(s *stage) {
		s.log.broken = errors.New("no space")
		s.run().notice(crossing(75, hour))
		s.toldIs()
		s.change(func() { s.log.broken = nil })
		s.after(10 * time.Second)
		s.toldIs("75")
		s.statesAre("desktop")
	})
	virtual(t, "a beginning that was stored although the log said no is begun anew", func(s *stage) {
		s.log.lies = 1
		s.run().notice(crossing(75, hour))
		s.toldIs()
		s.statesAre(StateSending)
		s.after(time.Second)
		s.toldIs("75")
		s.statesAre("desktop")
	})
	virtual(t, "an end that could not be stored is stored later, and nothing told again", func(s *stage) {
		s.desktop.takes = time.Second
		s.run().notice(crossing(75, hour), crossing(90, hour))
		s.change(func() { s.log.broken = errors.New("no space") })
		s.after(2 * time.Second)
		s.statesAre(StateSending, StatePending)
		s.change(func() { s.log.broken = nil })
		s.after(time.Minute)
		s.toldIs("75", "90")
		s.statesAre("desktop", "desktop")
	})
}

func TestPipelineSendersAreIndependent(t *testing.T) {
	virtual(t, "a slow command does not delay the desktop", func(s *stage) {
		s.p.Senders = append(s.p.Senders, &fakeSender{name: "command", takes: 10 * time.Second})
		s.run().notice(crossing(75, hour), crossing(90, hour))
		s.toldIs("75", "90")
		s.statesAre("desktop+command:sending", "desktop+command:pending")
		s.after(30 * time.Second)
		s.statesAre("desktop+command", "desktop+command")
	})
	virtual(t, "a command that fails is not run again, and the desktop hears nothing twice", func(s *stage) {
		c := &fakeSender{name: "command", outcome: Failed}
		s.p.Senders = append(s.p.Senders, c)
		s.run().notice(crossing(75, hour))
		s.after(hour)
		s.toldIs("75")
		s.statesAre("desktop+command:failed")
		if len(c.told) != 1 {
			s.t.Fatalf("the command ran %d times", len(c.told))
		}
	})
	virtual(t, "what the command has and the desktop lacks outlives a restart", func(s *stage) {
		s.log.add(crossing(75, hour))
		s.log.items[0].Delivered = "command+desktop:pending"
		c := &fakeSender{name: "command"}
		s.p.Senders = append(s.p.Senders, c)
		s.run().toldIs("75")
		s.statesAre("command+desktop")
		if len(c.told) != 0 {
			s.t.Fatal("the command heard it twice")
		}
	})
	virtual(t, "a sender that was taken out of the configuration is waited for no more", func(s *stage) {
		s.log.add(crossing(75, hour), crossing(90, hour))
		s.log.items[0].Delivered = "desktop+command:pending"
		s.run().toldIs("90")
		s.statesAre("desktop", "desktop")
	})
}

func TestPipelineIsOvertaken(t *testing.T) {
	virtual(t, "what is held back while a sender looks for the other side is not told", func(s *stage) {
		s.desktop.looks = time.Second
		s.run().notice(crossing(75, 10*hour))
		s.change(func() { s.log.snoozed = time.Now().Add(hour) })
		if _, _, err := s.p.look(s.t.Context()); err != nil { // as the lane of another sender does
			s.t.Fatal(err)
		}
		s.after(2 * time.Second)
		s.toldIs()
		s.statesAre(StateHeld)
		s.after(hour)
		s.toldIs("While it was quiet: 1 notice")
	})
}

func TestPipelineHolds(t *testing.T) {
	virtual(t, "quiet hours over midnight end in one digest of what still holds", func(s *stage) {
		s.p.Quiet = Quiet{Start: 23 * 60, End: 8 * 60}
		s.run().after(23*hour + 30*time.Minute)
		s.notice(crossing(75, hour), crossing(90, 20*hour))
		week := crossing(75, 72*hour)
		week.Window = quota.WindowWeek
		s.after(hour)
		s.notice(week)
		s.statesAre(StateStale, StateHeld, StateHeld)
		s.after(7*hour + 29*time.Minute)
		s.toldIs()
		s.after(time.Minute)
		s.toldIs("While it was quiet: 2 notices")
		s.statesAre(StateStale, StateDigest, StateDigest, "desktop")
		body := s.desktop.told[0].Body
		want := "GLM 5-hour window: 90 % used. Full again at 19:30, in 11 h 30 min.\n" +
			"GLM week: 75 % used. Full again on Tue 4 Jan 23:30, in 2 d 15 h."
		if body != want {
			s.t.Fatalf("body %q, want %q", body, want)
		}
	})
	virtual(t, "a digest that finds no server waits for one", func(s *stage) {
		s.log.snoozed = time.Now().Add(hour)
		s.run().notice(crossing(75, 10*hour))
		s.change(func() { s.desktop.down = NoServer })
		s.after(2 * hour)
		s.toldIs()
		s.statesAre(StateDigest, StatePending)
		s.desktop.come()
		synctest.Wait()
		s.toldIs("While it was quiet: 1 notice")
	})
	virtual(t, "a digest of which nothing holds any more is not told", func(s *stage) {
		s.log.snoozed = time.Now().Add(hour)
		s.run().notice(crossing(75, 3*hour))
		s.change(func() { s.desktop.down = NoServer })
		s.after(4 * hour)
		s.desktop.come()
		synctest.Wait()
		s.toldIs()
		s.statesAre(StateDigest, StateStale)
	})
	virtual(t, "a snooze that is taken back ends at once", func(s *stage) {
		s.log.snoozed = time.Now().Add(hour)
		s.run().notice(crossing(75, 10*hour))
		s.statesAre(StateHeld)
		if r := s.log.reasons[1]; r != "snoozed until 01:00" {
			s.t.Fatalf("reason %q", r)
		}
		s.change(func() { s.log.snoozed = time.Time{} })
		s.p.Poke()
		synctest.Wait()
		s.toldIs("While it was quiet: 1 notice")
	})
	virtual(t, "a snooze past the end of the quiet hours holds on", func(s *stage) {
		s.p.Quiet = Quiet{Start: 0, End: 60}
		s.log.snoozed = time.Now().Add(2 * hour)
		s.run().notice(crossing(75, 10*hour))
		s.after(hour + 59*time.Minute)
		s.toldIs()
		s.after(time.Minute)
		s.toldIs("While it was quiet: 1 notice")
	})
	virtual(t, "what the command has is no part of the digest", func(s *stage) {
		s.log.add(crossing(75, 10*hour))
		s.log.items[0].Delivered = "command+desktop:pending"
		s.p.Senders = append(s.p.Senders, &fakeSender{name: "command"})
		s.log.snoozed = time.Now().Add(hour)
		s.run().after(30 * time.Minute)
		s.toldIs()
		s.after(hour)
		s.toldIs("GLM 5-hour window: 75 % used")
		s.statesAre("command+desktop")
	})
}

// A crash at each write of a run, before and after it is stored: after the
// restart nothing is told twice, and what was never told is known to be
// unknown.
func TestPipelineCrashes(t *testing.T) {
	for _, stores := range []bool{false, true} {
		for at := 1; at <= 12; at++ {
			virtual(t, fmt.Sprintf("write %d, stored %v", at, stores), func(s *stage) {
				s.log.crashAt, s.log.stores = at, stores
				s.change(func() { s.log.snoozed = time.Now().Add(hour) })
				s.log.add(crossing(75, 10*hour), crossing(90, 10*hour))
				s.run().after(hour + time.Second)
				s.notice(crossing(95, 10*hour))
				s.after(time.Second)
				first := s.desktop.titles()
				crashed := s.log.crashed
				s.stop()
				again := newStage(s.t)
				again.log, again.p.Log, s.log.crashed, s.log.crashAt = s.log, s.log, false, 0
				again.run().after(2 * hour)
				all := append(first, again.desktop.titles()...)
				checkOnce(s.t, all, s.log)
				if at <= 7 && !crashed {
					s.t.Fatal("the crash did not come: the test shows nothing")
				}
			})
		}
	}
}

func checkOnce(t *testing.T, titles []string, log *memLog) {
	t.Helper()
	for i, title := range titles {
		if slices.Contains(titles[:i], title) {
			t.Fatalf("told twice: %q", titles)
		}
	}
	unknown := 0
	for _, s := range log.states() {
		if !s.Final() {
			t.Fatalf("left open: %q", log.states())
		}
		if s == StateUnknown {
			unknown++
		}
	}
	all := strings.Join(titles, "|")
	held := strings.Contains(all, "quiet") || strings.Contains(all, "75 %") && strings.Contains(all, "90 %")
	if unknown == 0 && (!held || !strings.Contains(all, "95")) {
		t.Fatalf("lost: told %q, states %q", titles, log.states())
	}
}
