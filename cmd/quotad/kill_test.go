package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// tortureRounds is how often the daemon is killed; CI asks for more.
func tortureRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("QUOTAD_TORTURE_ROUNDS")
	if text == "" {
		return 3
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("QUOTAD_TORTURE_ROUNDS is %q; a number was expected", text)
	}
	return n
}

// roundsOfOne is how often one daemon is killed before the next home: what is
// checked each round grows with them.
const roundsOfOne = 25

// TestKillInTheMiddleOfLoad sends events from several clients, kills the daemon
// at a random instant, starts it again and looks: what was acknowledged is there
// once; what was not can be sent again and is there once then; the counters are
// what the events give.
func TestKillInTheMiddleOfLoad(t *testing.T) {
	rounds := tortureRounds(t)
	var sum killSum
	t.Run("homes", func(t *testing.T) { // ends when all of them have
		for done := 0; done < rounds; done += roundsOfOne {
			t.Run(strconv.Itoa(done), func(t *testing.T) {
				t.Parallel()
				killed(t, min(roundsOfOne, rounds-done), &sum)
			})
		}
	})
	sum.report(t)
}

// killed is some rounds with one home. What begins may be killed too: the start
// with its drain of the spool, the day's backup, and a new configuration.
func killed(t *testing.T, rounds int, sum *killSum) {
	h := newDaemonHome(t)
	l := newLoad(t, h)
	for range rounds {
		if l.rand.IntN(3) == 0 {
			p := h.launch()
			time.Sleep(l.upTo(40 * time.Millisecond))
			p.kill()
			sum.kill()
		}
		begin := time.Now()
		p := h.start()
		sum.start(time.Since(begin))
		p.unharmed()
		l.check()
		finish := l.run(4)
		if l.rand.IntN(4) == 0 {
			h.configure(strings.Replace(loadConfig, "off_peak = 2.0", fmt.Sprintf("off_peak = 2.%d", l.rand.IntN(10)), 1))
			p.Process.Signal(syscall.SIGHUP)
		}
		time.Sleep(l.upTo(80 * time.Millisecond))
		l.dying.Store(true)
		p.kill()
		sum.kill()
		finish()
		l.spool(20)
		if l.rand.IntN(4) == 0 {
			h.ageBackups()
		}
	}
	p := h.start()
	l.check()
	h.verify()
	p.stop()
	h.verify() // of a database that nobody uses, too
	sum.end(rounds, l)
}

// ageBackups makes the day's backup due again.
func (h *daemonHome) ageBackups() {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.state, "backups", "*.db"))
	h.must(err)
	for i, path := range files {
		at := time.Now().Add(-time.Duration(25+i) * time.Hour)
		h.must(os.Rename(path, filepath.Join(filepath.Dir(path), store.BackupName(at))))
	}
}

// killSum is what the rounds of all homes came to.
type killSum struct {
	mu                         sync.Mutex
	rounds, kills, sent, acked int
	ready                      []time.Duration
}

func (k *killSum) kill() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kills++
}

func (k *killSum) start(took time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ready = append(k.ready, took)
}

func (k *killSum) end(rounds int, l *load) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rounds += rounds
	k.sent += len(l.ids)
	k.acked += l.acked
}

// report prints the figures. How long a start takes depends on what else the
// machine does: half of them have to be ready within a second, and all within
// QUOTAD_TORTURE_READY where that is set.
func (k *killSum) report(t *testing.T) {
	slices.Sort(k.ready)
	part := func(percent int) time.Duration {
		return k.ready[min(len(k.ready)*percent/100, len(k.ready)-1)].Round(time.Millisecond)
	}
	t.Logf("figures: %d rounds, %d kills, %d events sent, %d acknowledged while it lived, ready after %v (half of the starts), %v (99 %%), %v (all)",
		k.rounds, k.kills, k.sent, k.acked, part(50), part(99), part(100))
	if part(50) > time.Second {
		t.Errorf("half of the starts took more than %v; a second was expected at most", part(50))
	}
	if limit, err := time.ParseDuration(os.Getenv("QUOTAD_TORTURE_READY")); err == nil && part(100) > limit {
		t.Errorf("one start took %v; %v was expected at most", part(100), limit)
	}
}

// unharmed expects that nothing had to be mended at the start.
func (p *process) unharmed() {
	p.t.Helper()
	if said := p.said.String(); strings.Contains(said, "WRN") || strings.Contains(said, "ERR") {
		p.t.Errorf("it complains after a kill:\n%s", said)
	}
}

// TestKillAtTheFirstStart kills the daemon while it makes its files.
func TestKillAtTheFirstStart(t *testing.T) {
	for range 3 * tortureRounds(t) {
		h := newDaemonHome(t)
		p := h.launch()
		time.Sleep(rand.N(30 * time.Millisecond))
		p.kill()
		p = h.start()
		p.unharmed()
		h.post(prompts("a", 3)...).accepted(t)
		h.checkCounters()
		p.stop()
	}
}

// TestReloadInTheMiddleOfLoad changes what a prompt costs while clients send.
func TestReloadInTheMiddleOfLoad(t *testing.T) {
	h := newDaemonHome(t)
	l := newLoad(t, h)
	p := h.start()
	finish := l.run(3)
	for i := range 10 {
		h.configure(strings.Replace(loadConfig, "off_peak = 2.0", fmt.Sprintf("off_peak = 4.%d", i), 1))
		p.reload("took the configuration", i+1)
		h.get("/v1/status")
	}
	l.dying.Store(true)
	p.stop()
	finish()
	h.start()
	l.check()
	h.verify()
}

// TestTerminateInTheMiddleOfLoad stops the daemon while clients send, one
// watches, one is silent and some have sent half of their words.
func TestTerminateInTheMiddleOfLoad(t *testing.T) {
	h := newDaemonHome(t)
	l := newLoad(t, h)
	for _, others := range [][]string{nil, {
		"", "POST /v1/eve", eventsHead + "Content-Length: 1000\r\n\r\n{", "GET /v1/watch HTTP/1.1\r\nHost: quotad\r\n\r\n",
	}} {
		p := h.start()
		l.check()
		for _, words := range others {
			c := h.dial()
			defer c.Close()
			fmt.Fprint(c, words)
		}
		finish := l.run(4)
		time.Sleep(100*time.Millisecond + l.upTo(100*time.Millisecond))
		l.dying.Store(true)
		p.Process.Signal(syscall.SIGTERM)
		if code := p.end(stopLimit); code != 0 {
			t.Errorf("SIGTERM ended the daemon with %d, not 0", code)
		}
		finish()
		if _, err := os.Lstat(h.socket); err == nil {
			t.Error("the socket is left behind")
		}
	}
	h.start()
	l.check()
	h.verify()
}

func (h *daemonHome) dial() net.Conn {
	h.t.Helper()
	c, err := net.Dial("unix", h.socket)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// sent is what is known of an id that was sent.
type sent struct {
	event quota.Event // as it was sent first
	acked bool        // its first sending, or a later one, was acknowledged
	again bool        // it was sent again before that, with other words: either may stand
}

// load is clients that send events and remember what they were told.
type load struct {
	t     *testing.T
	h     *daemonHome
	rand  *rand.Rand // of the test's own goroutine
	dying atomic.Bool

	mu    sync.Mutex
	ids   map[string]*sent
	order []string // of ids
	acked int
	round int
}

func newLoad(t *testing.T, h *daemonHome) *load {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &load{t: t, h: h, rand: rand.New(rand.NewPCG(seed, 0)), ids: map[string]*sent{}}
}

func (l *load) upTo(most time.Duration) time.Duration {
	return time.Duration(l.rand.Int64N(int64(most)))
}

// run lets clients send until the daemon is gone. The function it returns waits
// for that.
func (l *load) run(clients int) (finish func()) {
	l.dying.Store(false)
	l.round++
	var all sync.WaitGroup
	for n := range clients {
		s := &sender{load: l, name: fmt.Sprintf("r%d-c%d", l.round, n), rand: rand.New(rand.NewPCG(l.rand.Uint64(), 0)), client: l.h.newClient()}
		all.Go(s.run)
	}
	return all.Wait
}

// sender is one client.
type sender struct {
	*load
	name   string
	rand   *rand.Rand
	client *http.Client
	count  int
}

func (s *sender) run() {
	for {
		batch := s.batch()
		a, err := sendEvents(s.client, batch)
		switch {
		case err == nil && a.status == http.StatusOK:
			s.told(batch, a)
		case !s.dying.Load():
			s.t.Errorf("%d %s %v", a.status, a.text, err)
			return
		case err == nil && a.status != http.StatusServiceUnavailable:
			s.t.Errorf("while it stops: %d %s", a.status, a.text)
			return
		default:
			return
		}
	}
}

// batch is one event, or now and then many.
func (s *sender) batch() []quota.Event {
	n := 1
	if s.rand.IntN(3) == 0 {
		n = 1 + s.rand.IntN(40)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []quota.Event
	for range n {
		e := s.event()
		s.note(e)
		batch = append(batch, e)
	}
	return batch
}

// event is most often a new prompt of now, else a late one, a repeat, or one
// that says something of another.
func (s *sender) event() quota.Event {
	s.count++
	e := promptAt(fmt.Sprintf("%s-%d", s.name, s.count), time.Now())
	e.Session, e.Model = s.name, []string{"glm-5.3", "glm-4.7", ""}[s.rand.IntN(3)]
	switch dice := s.rand.IntN(20); {
	case dice < 2:
		e.At = e.At.Add(-time.Duration(s.rand.Int64N(int64(30 * time.Hour)))).Truncate(time.Millisecond)
	case dice < 4 && len(s.order) > 0:
		e.ID = s.any()
	case dice == 4 && len(s.order) > 0:
		e.Kind, e.Voids = quota.KindVoid, s.any()
	case dice == 5:
		e.Kind, e.Turn, e.Tokens = quota.KindUsage, strconv.Itoa(s.rand.IntN(100)), quota.Tokens{Input: 10, Output: 5}
	case dice == 6:
		e.Turn = strconv.Itoa(s.rand.IntN(100))
	}
	return e
}

func (s *sender) any() string { return s.order[s.rand.IntN(len(s.order))] }

// note remembers what is about to be sent. The caller holds the lock.
func (l *load) note(e quota.Event) {
	if old := l.ids[e.ID]; old != nil {
		old.again = old.again || !old.acked
		return
	}
	l.ids[e.ID] = &sent{event: e}
	l.order = append(l.order, e.ID)
}

// told remembers what was acknowledged.
func (s *sender) told(batch []quota.Event, a reply) {
	var got api.Results
	if err := json.Unmarshal([]byte(a.text), &got); err != nil || len(got.Results) != len(batch) {
		s.t.Errorf("%d events were answered with %s (%v)", len(batch), a.text, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range got.Results {
		known := s.ids[batch[i].ID]
		if r.ID != batch[i].ID || r.Status != quota.Recorded && r.Status != quota.Duplicate {
			s.t.Errorf("%s was answered with %+v", batch[i].ID, r)
			return
		}
		if !known.acked {
			known.acked = true
			s.acked++
		}
	}
}

// spool leaves events as hooks do while no daemon answers: new ones, and some
// that the daemon may know already.
func (l *load) spool(n int) {
	l.t.Helper()
	s := &sender{load: l, name: fmt.Sprintf("r%d-spool", l.round), rand: l.rand}
	for range n {
		e := s.event()
		l.note(e)
		if err := (api.Spool{Dir: filepath.Join(l.h.state, "spool")}).Write(e.ID, api.EncodeEvent(e)); err != nil {
			l.t.Fatal(err)
		}
		l.ids[e.ID].acked = true
	}
}

// check looks at everything that was ever sent, and sends again what was not
// acknowledged.
func (l *load) check() {
	l.t.Helper()
	eventually(l.t, startLimit, "the spool is drained", func() bool {
		left, _ := filepath.Glob(filepath.Join(l.h.state, "spool", "*.json"))
		return len(left) == 0
	})
	l.checkListed()
	l.sendAgain()
	l.checkListed()
	l.h.checkCounters()
}

// checkListed expects each id that was acknowledged once, no other one twice,
// and each as it was told.
func (l *load) checkListed() {
	l.t.Helper()
	count := map[string]int{}
	for _, e := range l.h.events() {
		known := l.ids[e.ID]
		if count[e.ID]++; count[e.ID] > 1 || known == nil {
			l.t.Fatalf("%s is there for the %d. time", e.ID, count[e.ID])
		}
		if want := known.event.Normalize(e.At); !known.again && asJSON(l.t, e) != asJSON(l.t, want) {
			l.t.Fatalf("recorded:\n%s\nsent:\n%s", asJSON(l.t, e), asJSON(l.t, want))
		}
	}
	for id, s := range l.ids {
		if s.acked && count[id] != 1 {
			l.t.Fatalf("%s was acknowledged and is lost", id)
		}
	}
}

// sendAgain sends what nobody acknowledged, and then some of what somebody did,
// as if they were new prompts, each later than the one before, so that nothing
// is counted anew: of two with one id the first stands.
func (l *load) sendAgain() {
	l.t.Helper()
	var unknown, known []quota.Event
	for _, id := range l.order {
		switch s := l.ids[id]; {
		case !s.acked:
			unknown = append(unknown, s.event)
		case l.rand.IntN(10) == 0:
			known = append(known, promptAt(id, time.Now().Add(time.Duration(len(known))*time.Millisecond)))
		}
	}
	l.sendChunks(unknown, quota.Recorded)
	l.sendChunks(known, quota.Duplicate)
}

// sendChunks sends many events. Each is a duplicate, or what is allowed beside.
func (l *load) sendChunks(events []quota.Event, allowed quota.Outcome) {
	l.t.Helper()
	for chunk := range slices.Chunk(events, 5000) {
		for _, r := range l.h.post(chunk...).accepted(l.t) {
			if r.Status != quota.Duplicate && r.Status != allowed {
				l.t.Fatalf("sent again: %+v", r)
			}
			l.ids[r.ID].acked = true
		}
	}
}
