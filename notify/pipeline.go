package notify

import (
	"context"
	"sync"
	"time"

	"quotad/quota"
)

// Pipeline tells what its Log has pending. The fields are set before Run; on a
// change of configuration end Run and start it on a new Pipeline.
type Pipeline struct {
	Log     Log
	Senders []Sender // each with a name of its own; none: every item ends as StateNone
	Quiet   Quiet
	Low     int                   // percent: the lowest threshold a person wants to be told of; 0: 75
	Zone    func() *time.Location // of the user's clock at present: of the times in words, and of Quiet; nil: time.Local
	Now     func() time.Time

	// Current is an account as it is at now, for words that are true when they
	// are told and to see what is stale. It must show at least what the newest
	// pending notice rests on. It may be nil.
	Current func(account string, now time.Time) (quota.Status, bool)
	// Report, where set, hears of each sending, and of a Log that failed (with
	// a zero Item and Outcome). It is called from several goroutines.
	Report func(Report)

	once  sync.Once
	lanes []*lane

	mu        sync.Mutex       // held while items are looked through and marked
	known     map[uint64]parts // where the pending items stand
	owed      map[uint64]parts // what could not be stored yet
	recovered bool             // what a crash left in the middle is marked
}

// Report is what became of one attempt.
type Report struct {
	Item    Item
	Sender  string
	Outcome Outcome
	Err     error
	Next    time.Time // of the next attempt; zero where there is none
}

// Poke makes the pipeline look: for a new pending notice, a snooze that was
// set or taken back, a step of the clock, a resume from suspend. It never
// blocks.
func (p *Pipeline) Poke() {
	p.prepare()
	for _, l := range p.lanes {
		l.poke()
	}
}

// Run tells what is pending until ctx ends, and what is on its way a little
// longer; it returns when nothing is on its way any more. Items that are found
// in the middle of a sending are marked StateUnknown first.
func (p *Pipeline) Run(ctx context.Context) {
	p.prepare()
	var lanes sync.WaitGroup
	for _, l := range p.lanes {
		lanes.Go(func() { l.run(ctx) })
	}
	lanes.Wait()
}

func (p *Pipeline) prepare() {
	p.once.Do(func() {
		p.known, p.owed = map[uint64]parts{}, map[uint64]parts{}
		for _, s := range p.Senders {
			p.lanes = append(p.lanes, newLane(p, s))
		}
		if len(p.lanes) == 0 {
			p.lanes = []*lane{newLane(p, nobody{})}
		}
	})
}

// nobody stands where there is no sender, so that items are looked through and
// come to an end.
type nobody struct{}

func (nobody) Name() string { return "" }
func (nobody) Send(context.Context, quota.Notice, func() error) (Outcome, error) {
	return Unsent, nil
}

func (p *Pipeline) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Pipeline) zone() *time.Location {
	if p.Zone == nil {
		return time.Local
	}
	return p.Zone()
}

func (p *Pipeline) report(r Report) {
	if p.Report != nil {
		p.Report(r)
	}
}

func (p *Pipeline) names() []string {
	var names []string
	for _, s := range p.Senders {
		names = append(names, s.Name())
	}
	return names
}
