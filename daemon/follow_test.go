package daemon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/daemon/transcript"
	"quotad/quota"
)

// modelConfig is a plan on which the models cost different things.
const modelConfig = `
[account.default]
plan = "lab/models"
[[plan]]
id = "lab/models"
[[plan.window]]
name = "5h"
kind = "fixed"
length = "5h"
cap = 10
[[plan.weight]]
model = "glm-5.3"
peak = 3.0
off_peak = 3.0
[[plan.weight]]
model = "glm-4.7"
[[endpoint]]
url = "http://127.0.0.1:1"
plan = false
`

// spy reads the tools' records, and counts how often.
type spy struct {
	transcripts
	mu    sync.Mutex
	reads []string // paths, in order
	fault any      // panicked with, where set
	busy  int      // so many times the tool is at it
	bog   string   // of this path the reading never ends
}

func (s *spy) Read(ctx context.Context, src transcript.Source, from transcript.Mark, final bool, take func(transcript.Item) error) (transcript.Mark, error) {
	s.mu.Lock()
	s.reads = append(s.reads, src.Path)
	fault, busy := s.fault, s.busy > 0
	if busy {
		s.busy--
	}
	s.mu.Unlock()
	if fault != nil {
		panic(fault)
	}
	if src.Path == s.bog {
		<-ctx.Done()
		return from, context.Cause(ctx)
	}
	if busy {
		return from, fmt.Errorf("%s: %w", src.Path, transcript.ErrBusy)
	}
	return s.transcripts.Read(ctx, src, from, final, take)
}

func (s *spy) panics(with any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = with
}

// count is how often there were reads since it was last asked.
func (s *spy) count() int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.reads)
	s.reads = nil
	return n
}

// tail is an engine with a follower that runs, and a transcript to follow.
type tail struct {
	*rig
	*spy
	follow *follower
	said   *bytes.Buffer // the log
	path   string
	lines  int
}

// follow starts one over a state folder. The transcript lies beside that.
func follow(t *testing.T, dir string, s config.Settings) *tail {
	t.Helper()
	x := &tail{spy: &spy{}, said: &bytes.Buffer{}, path: filepath.Join(dir, "s.jsonl")}
	x.rig = begin(t, filepath.Join(dir, "state"), s, time.Now, func(e *Engine) func() {
		x.follow = newFollower(e, x.spy, zerolog.New(x.said))
		e.prompted = x.follow.prompted
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { x.follow.run(ctx) })
		return func() { cancel(); running.Wait() }
	})
	return x
}

// restart ends it, and starts it anew over the same folder after a while.
func (x *tail) restart(away time.Duration) *tail {
	x.t.Helper()
	x.stop()
	time.Sleep(away)
	again := follow(x.t.(*testing.T), filepath.Dir(x.path), *x.engine.settings)
	again.lines = x.lines
	return again
}

// prompt is one of the transcript's session, at this instant.
func (x *tail) prompt(turn string) quota.Event {
	return quota.Event{Tool: "claude-code", Session: "s", Turn: turn, Transcript: x.path, Endpoint: "https://api.z.ai/api/anthropic"}
}

// turnEnds tells as a hook does that a turn has ended.
func (x *tail) turnEnds() {
	x.ends(x.prompt(""))
}

func (x *tail) ends(e quota.Event) {
	x.follow.hear(endingOf(e.Fill(time.Now())))
}

// asked and answered write what Claude Code does.
func (x *tail) asked(turn string) {
	x.write(x.path, fmt.Sprintf(`{"type":"user","promptId":%q,"promptSource":"typed","uuid":"u%d","sessionId":"s","cwd":"/p","timestamp":%q,"message":{"role":"user","content":"secret words"}}`,
		turn, x.number(), stamp()))
}

func (x *tail) answered(model string) { x.write(x.path, x.answer(model)) }

func (x *tail) answer(model string) string {
	n := x.number()
	return fmt.Sprintf(`{"type":"assistant","uuid":"u%d","requestId":"r%d","sessionId":"s","cwd":"/p","timestamp":%q,"message":{"id":"m%d","model":%q,"content":[{"type":"text","text":"secret answer"}],"stop_reason":"end_turn","usage":{"input_tokens":10000,"cache_read_input_tokens":20000,"output_tokens":30000}}}`,
		n, n, stamp(), n, model)
}

func (x *tail) refused(text string) {
	x.write(x.path, fmt.Sprintf(`{"type":"assistant","uuid":"u%d","sessionId":"s","timestamp":%q,"isApiErrorMessage":true,"error":"rate_limit","apiErrorStatus":429,"message":{"id":"x","model":"<synthetic>","content":[{"type":"text","text":%q}]}}`,
		x.number(), stamp(), text))
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func (x *tail) number() int { x.lines++; return x.lines }

func (x *tail) write(path string, lines ...string) {
	x.t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.WriteString(f, strings.Join(lines, "\n")+"\n")
		f.Close()
	}
	if err != nil {
		x.t.Fatal(err)
	}
}

// of are the events of a kind that are recorded.
func (x *tail) of(kind quota.Kind) (list []quota.Event) {
	x.t.Helper()
	synctest.Wait()
	for e, err := range (backend{x.engine}).Events(context.Background(), api.EventQuery{}) {
		if err != nil {
			x.t.Fatal(err)
		}
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

func (x *tail) five() quota.WindowStatus { synctest.Wait(); return x.window("5h") }

func (x *tail) used() float64 { return x.five().Used.Float() }

// virtual runs a test in virtual time.
func virtual(t *testing.T, text string, f func(x *tail)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := follow(t, t.TempDir(), settings(t, text))
		f(x)
	})
}

func TestAPromptIsChargedAtTheModelThatAnswered(t *testing.T) {
	for _, c := range []struct {
		model string
		used  float64
	}{{"glm-4.7", 1}, {"glm-5.3", 3}, {"claude-opus-4-6", 3}} {
		t.Run(c.model, func(t *testing.T) {
			virtual(t, modelConfig, func(x *tail) {
				x.asked("t1")
				x.post(x.prompt("t1"))
				if got := x.used(); got != 3 {
					t.Errorf("before it is known: used %v", got)
				}
				time.Sleep(time.Second)
				x.answered(c.model)
				time.Sleep(lookSoon)
				if got := x.used(); got != c.used {
					t.Errorf("used %v, want %v", got, c.used)
				}
				usage := x.of(quota.KindUsage)
				if len(usage) != 1 || usage[0].Model != c.model || usage[0].Turn != "t1" || usage[0].Endpoint == "" ||
					usage[0].Tokens != (quota.Tokens{Input: 10000, Cached: 20000, Output: 30000}) || usage[0].Transcript != "" {
					t.Errorf("usage %+v", usage)
				}
				if n := len(x.of(quota.KindPrompt)); n != 1 {
					t.Errorf("%d prompts: those of the transcript were counted too", n)
				}
			})
		})
	}
}

func TestUsageIsTheChargeOnACreditsPlan(t *testing.T) {
	virtual(t, "[account.default]\nplan = \"v3/lite\"\n", func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		estimate := x.used()
		time.Sleep(time.Second)
		x.answered("glm-5.3")
		x.answered("glm-5.3")
		x.turnEnds()
		time.Sleep(lookSoon)
		w := x.five()
		if got := x.used(); got == estimate || w.Estimated != nil && *w.Estimated > 0 || len(x.of(quota.KindUsage)) != 2 {
			t.Errorf("used %v (estimated: %v), of %d answers", got, w.Estimated, len(x.of(quota.KindUsage)))
		}
	})
}

func TestLaterPricesTellNothingTwice(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		for turn := range 3 { // 9 of 10 where they were of the dearer model
			x.asked(fmt.Sprint(turn))
			x.post(x.prompt(fmt.Sprint(turn)))
			time.Sleep(100 * time.Millisecond)
			x.answered([]string{"glm-4.7", "glm-5.3", "glm-5.3"}[turn])
		}
		want := []string{"5h threshold 75", "5h threshold 90"}
		if got := x.told(); !slices.Equal(got[:1], want[1:]) {
			t.Fatalf("before: told %v", got)
		}
		time.Sleep(lookSoon)
		if got := x.used(); got != 7 {
			t.Errorf("used %v, want 7", got)
		}
		x.asked("4")
		x.post(x.prompt("4"))
		if got := x.told(); x.used() != 10 || len(got) != 2 || got[1] != "5h exhausted 100" {
			t.Errorf("used %v, told %v", x.used(), got)
		}
	})
}

func TestAStopOfTheProviderIsRead(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		until := time.Now().Add(2 * time.Hour).In(time.FixedZone("", 8*60*60)).Format(time.DateTime)
		x.refused("API Error: Request rejected (429) · Usage limit reached for 5 hour. Your limit will reset at " + until)
		x.turnEnds()
		time.Sleep(lookSoon)
		w := x.five()
		if len(x.of(quota.KindExhausted)) != 1 || w.State != quota.PhaseExhausted || !w.ResetsAt.Equal(time.Now().Add(2*time.Hour-lookSoon).UTC().Truncate(time.Second)) {
			t.Errorf("%+v", w)
		}
	})
}

func TestWhatIsOffThePlanIsKeptApart(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		e := x.prompt("") // and the record tells of a turn all the same
		e.Endpoint = "http://127.0.0.1:1"
		x.asked("t1")
		x.post(e)
		x.answered("glm-5.3")
		x.ends(quota.Event{Tool: "claude-code", Session: "s", Transcript: x.path})
		time.Sleep(lookSoon)
		if usage := x.of(quota.KindUsage); len(usage) != 1 || usage[0].Endpoint != e.Endpoint || x.used() != 0 {
			t.Errorf("used %v, usage %+v", x.used(), usage)
		}
	})
}

func TestEachTurnGoesWhereItsPromptWent(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		other := x.prompt("t1")
		other.Endpoint = "https://api.anthropic.com"
		x.post(other)
		x.asked("t1")
		x.answered("claude-opus-4-6")
		time.Sleep(time.Second)
		x.post(x.prompt("t2"))
		x.asked("t2")
		x.answered("glm-4.7")
		time.Sleep(lookSoon)
		usage := x.of(quota.KindUsage)
		if len(usage) != 2 || usage[0].Endpoint != other.Endpoint || usage[1].Endpoint == other.Endpoint || x.used() != 1 {
			t.Errorf("used %v, usage %+v", x.used(), usage)
		}
	})
}

func TestOnlyWhatIsNewOfASessionIsTaken(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t0")
		x.answered("glm-4.7")
		time.Sleep(time.Hour)
		x.post(x.prompt("t1"))
		x.asked("t1")
		x.answered("glm-5.3")
		time.Sleep(time.Minute)
		if usage := x.of(quota.KindUsage); len(usage) != 1 || usage[0].Turn != "t1" {
			t.Errorf("%+v", usage)
		}
	})
}

func TestSubagentsCountForTheirSession(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-5.3")
		time.Sleep(lookSoon)
		sub := filepath.Join(filepath.Dir(x.path), "s", "subagents")
		if err := os.MkdirAll(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		line := strings.Replace(x.answer("glm-4.7"), `"type"`, `"isSidechain":true,"agentId":"a1","type"`, 1)
		x.write(filepath.Join(sub, "agent-a1.jsonl"), line)
		time.Sleep(time.Minute)
		usage := x.of(quota.KindUsage)
		if len(usage) != 2 || usage[1].Model != "glm-4.7" || usage[1].Session != "s" || usage[1].Endpoint == "" {
			t.Errorf("%+v", usage)
		}
		x.count()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if slices.ContainsFunc(x.reads, func(path string) bool { return path != x.path }) {
			t.Errorf("what a subagent wrote is read though it has not grown: %q", x.reads)
		}
		x = x.restart(time.Minute)
		time.Sleep(time.Minute)
		if n := len(x.of(quota.KindUsage)); n != 2 {
			t.Errorf("%d after a restart", n)
		}
	})
}

func TestARecordIsLookedAtLessAndLess(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		for _, c := range []struct {
			after time.Duration
			looks int
		}{
			{2 * time.Second, 0},
			{2 * time.Second, 1},                // at 3 s: it has grown
			{3 * time.Second, 1},                // at 6 s: it has not
			{15 * time.Second, 2},               // at 11 and 21 s
			{time.Minute, 2},                    // at 41 and 81 s
			{4*time.Minute + 10*time.Second, 4}, // at 141, 201, 261 and, for the last time, 303 s
			{24 * time.Hour, 0},
		} {
			time.Sleep(c.after)
			if got := x.count(); got != c.looks {
				t.Errorf("within %v more: %d looks, want %d", c.after, got, c.looks)
			}
		}
		if n := x.follow.tally.get().Records; n != 0 {
			t.Errorf("%d records are followed after a day of silence", n)
		}
	})
}

func TestARecordThatGrowsIsReadSoon(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		time.Sleep(time.Second)
		for i := range 100 { // a turn of 50 minutes
			x.answered("glm-5.3")
			time.Sleep(30 * time.Second)
			if n := len(x.of(quota.KindUsage)); n < i {
				t.Fatalf("after %d answers %d are recorded", i+1, n)
			}
		}
		x.count()
		time.Sleep(4 * time.Minute)
		x.answered("glm-5.3")
		x.turnEnds()
		time.Sleep(lookSoon)
		if n := len(x.of(quota.KindUsage)); n != 101 {
			t.Errorf("%d of 101 answers, when the turn has ended", n)
		}
		if n := x.count(); n > 12 {
			t.Errorf("%d looks in four minutes of silence", n)
		}
	})
}

func TestTheEndOfATurnIsEnough(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.answered("glm-5.3")
		x.turnEnds() // the hook for prompts is not installed
		x.turnEnds()
		time.Sleep(lookSoon)
		if n := len(x.of(quota.KindUsage)); n != 1 || x.count() != 1 {
			t.Errorf("%d events", n)
		}
	})
}

func TestARestartGoesOnWhereItStopped(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-5.3")
		time.Sleep(10 * time.Second)
		x.stop()
		x.answered("glm-4.7")
		before := x.lines
		x = x.restart(time.Hour)
		time.Sleep(lookSoon)
		if n := len(x.of(quota.KindUsage)); n != 2 || x.lines != before {
			t.Errorf("%d of 2 answers", n)
		}
		x.count()
		time.Sleep(10 * time.Minute)
		x = x.restart(time.Hour)
		time.Sleep(lookSoon)
		if n := x.count(); n != 1 {
			t.Errorf("looked %d times at a record that had not grown", n)
		}
		time.Sleep(time.Hour)
		if n := x.count(); n != 0 {
			t.Errorf("and %d times later", n)
		}
		x = x.restart(48 * time.Hour)
		time.Sleep(time.Hour)
		if n := x.count(); n != 0 {
			t.Errorf("looked %d times at a record of two days ago", n)
		}
	})
}

func TestAPromptBeforeACrashIsFollowedAfterIt(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-4.7") // and before anybody looks:
		x = x.restart(time.Second)
		time.Sleep(lookSoon)
		if n := len(x.of(quota.KindUsage)); n != 1 || x.used() != 1 {
			t.Errorf("%d answers, used %v", n, x.used())
		}
	})
}

func TestAPromptOfTheSpoolSaysWhereItsTurnWent(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		time.Sleep(10 * time.Second)
		x.stop()
		elsewhere := x.prompt("t2")
		elsewhere.Endpoint = "https://api.anthropic.com"
		x.asked("t2")
		x.answered("glm-5.3")
		x = x.restart(time.Second)
		time.Sleep(time.Second) // as long as it takes to drain the spool
		x.post(elsewhere)
		time.Sleep(lookSoon)
		if usage := x.of(quota.KindUsage); len(usage) != 1 || usage[0].Endpoint != elsewhere.Endpoint {
			t.Errorf("%+v", usage)
		}
	})
}

func TestWhatIsReadTwiceCountsOnce(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		for range 2500 { // more than go to the engine together
			x.answered("glm-5.3")
		}
		time.Sleep(lookSoon)
		before, used := len(x.of(quota.KindUsage)), x.used()
		forget := func(tx *store.Tx) error {
			r, ok, err := tx.Followed("claude-code", x.path, "s")
			if err != nil || !ok || len(r.Mark) == 0 {
				t.Fatalf("no mark: %v", err)
			}
			r.Mark = nil // as if the service had been killed before it was kept
			return tx.PutFollowed(r)
		}
		if err := x.store.Update(forget); err != nil {
			t.Fatal(err)
		}
		x = x.restart(time.Second)
		time.Sleep(lookSoon)
		if n := len(x.of(quota.KindUsage)); n != before || before != 2500 || x.used() != used {
			t.Errorf("%d answers, and %d read again; used %v, and %v", before, n, used, x.used())
		}
	})
}

func TestARecordMayBeCutOrReplaced(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-5.3")
		time.Sleep(10 * time.Second)
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		must(os.Truncate(x.path, 100))
		x.write(x.path, "", x.answer("glm-5.3"))
		x.turnEnds()
		time.Sleep(10 * time.Second)
		if n := len(x.of(quota.KindUsage)); n != 2 {
			t.Errorf("cut: %d of 2 answers", n)
		}
		must(os.Rename(x.path, x.path+".1"))
		time.Sleep(10 * time.Second)
		x.asked("t2")
		x.answered("glm-5.3")
		x.turnEnds()
		time.Sleep(10 * time.Second)
		if n := len(x.of(quota.KindUsage)); n != 3 {
			t.Errorf("replaced: %d of 3 answers", n)
		}
		must(os.Remove(x.path))
		x.turnEnds()
		time.Sleep(time.Hour)
		if about := x.follow.tally.get(); about.Faults != 0 || about.Records != 0 {
			t.Errorf("gone: %+v", about)
		}
	})
}

func TestARecordThatCannotBeReadIsToldOfOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(path string) error
		says string // "": it is no fault
	}{
		{"none", func(string) error { return nil }, ""},
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not a regular file"},
		{"a folder", func(path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
		{"a device", func(path string) error { return os.Symlink("/dev/zero", path) }, "not a regular file"},
		{"a link to itself", func(path string) error { return os.Symlink(path, path) }, "too many levels"},
		{"a link to nothing", func(path string) error { return os.Symlink(path+"x", path) }, ""},
		{"below a file", func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o600) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, modelConfig, func(x *tail) {
				if c.name == "below a file" {
					x.path = filepath.Join(filepath.Dir(x.path), "file", "s.jsonl")
				}
				if err := c.make(x.path); err != nil {
					t.Fatal(err)
				}
				for range 5 {
					x.post(x.prompt("t1"))
					x.turnEnds()
					time.Sleep(time.Hour)
				}
				about := x.follow.tally.get()
				if (about.Faults > 0) != (c.says != "") || !strings.Contains(about.LastFault, c.says) || about.Records != 0 {
					t.Errorf("%+v", about)
				}
				if n := strings.Count(x.said.String(), "\n"); n != 1 {
					t.Errorf("said %d times:\n%s", n, x.said)
				}
				if n := len(x.of(quota.KindPrompt)); n != 5 {
					t.Errorf("%d of 5 prompts are recorded", n)
				}
			})
		})
	}
}

func TestOthersRecordsAreNotRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to others")
	}
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.answered("glm-5.3")
		if err := os.Chown(x.path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		x.post(x.prompt("t1"))
		time.Sleep(time.Hour)
		if about := x.follow.tally.get(); !strings.Contains(about.LastFault, "another user") || about.Events != 0 {
			t.Errorf("%+v", about)
		}
	})
}

func TestAReaderThatPanicsHarmsNobody(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.panics("index out of range")
		x.asked("t1")
		x.post(x.prompt("t1"))
		time.Sleep(time.Minute)
		x.panics(nil)
		x.answered("glm-4.7")
		x.turnEnds()
		time.Sleep(time.Minute)
		if about := x.follow.tally.get(); about.Faults == 0 || about.Events != 1 || x.used() != 1 {
			t.Errorf("%+v, used %v", about, x.used())
		}
	})
}

// Such as a database of a project's whose tables are questions without end.
func TestARecordWithoutEndHoldsUpNoOtherForLong(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.spy.bog = x.path + ".bog"
		x.write(x.spy.bog, "")
		bogged := x.prompt("t0")
		bogged.Transcript = x.spy.bog
		x.post(bogged)
		time.Sleep(lookSoon + time.Second)
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-4.7")
		time.Sleep(readLimit + 2*lookSoon)
		if n := len(x.of(quota.KindUsage)); n != 1 || !strings.Contains(x.said.String(), "takes longer than 2m0s") {
			t.Errorf("%d answers; said %s", n, x.said)
		}
		time.Sleep(time.Hour)
		x.spy.mu.Lock()
		defer x.spy.mu.Unlock()
		if n := len(slices.DeleteFunc(x.spy.reads, func(path string) bool { return path != x.spy.bog })); n > 6 {
			t.Errorf("it was begun %d times", n)
		}
	})
}

func TestARecordThatItsToolIsChangingIsReadSoon(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.spy.busy = 3
		x.post(x.prompt("t1"))
		x.asked("t1")
		x.answered("glm-4.7")
		time.Sleep(20 * time.Second)
		if n := len(x.of(quota.KindUsage)); n != 1 || x.said.Len() > 0 {
			t.Errorf("%d answers; said %s", n, x.said)
		}
	})
}

func TestARecordThatIsAlwaysBusyIsGivenUp(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.spy.busy = 1 << 30
		x.asked("t1")
		x.post(x.prompt("t1"))
		time.Sleep(silence + time.Minute)
		x.count()
		time.Sleep(time.Hour)
		if n := x.count(); n != 0 || !strings.Contains(x.said.String(), transcript.ErrBusy.Error()) {
			t.Errorf("read %d times more; said %s", n, x.said)
		}
	})
}

func TestWhatCannotBeStoredIsReadAgain(t *testing.T) {
	x := follow(t, t.TempDir(), settings(t, modelConfig))
	x.asked("t1")
	x.answered("glm-4.7")
	r := sightingOf(x.prompt("t1").Fill(time.Now())).record
	x.stop()
	a := &followed{record: r, pause: lookFirst}
	x.follow.active[keyOf(r)] = a
	x.follow.lookAt(t.Context(), keyOf(r)) // the last look that it would get
	if len(a.record.Mark) != 0 || x.follow.active[keyOf(r)] == nil || !a.next.After(time.Now()) {
		t.Errorf("%+v, and it is followed on: %t", a, x.follow.active[keyOf(r)] != nil)
	}
}

func TestNoTextOfARecordIsKeptOrSaid(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-5.3")
		x.write(x.path, `{"type":"assistant","secret`)
		time.Sleep(time.Hour)
		x.stop()
		db, err := os.ReadFile(filepath.Join(filepath.Dir(x.path), "state", "quotad.db"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(db, []byte("secret")) || strings.Contains(x.said.String(), "secret") {
			t.Error("words of the record are kept or logged")
		}
	})
}

func TestAFloodOfHintsIsBounded(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		for i := range 3 * maxFollowed {
			e := x.prompt("")
			e.Transcript = fmt.Sprintf("/nowhere/%d", i)
			x.ends(e)
			if i%100 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if n := x.follow.tally.get().Records; n > maxFollowed {
			t.Errorf("%d are followed", n)
		}
		x.asked("t1")
		x.post(x.prompt("t1"))
		x.answered("glm-4.7")
		time.Sleep(lookSoon)
		if x.used() != 1 {
			t.Errorf("used %v", x.used())
		}
		time.Sleep(time.Hour)
		if n := x.follow.tally.get().Records; n != 0 {
			t.Errorf("%d are followed still", n)
		}
	})
}

func TestWakingUpLooksAtOnce(t *testing.T) {
	virtual(t, modelConfig, func(x *tail) {
		x.asked("t1")
		x.post(x.prompt("t1"))
		time.Sleep(2 * time.Minute)
		x.answered("glm-4.7")
		x.follow.look()
		if x.used() != 1 {
			t.Errorf("used %v", x.used())
		}
	})
}

// What the daemon reads of a turn knows neither key nor account: it belongs
// where its prompt does, also where a later prompt of the session does not.
func TestWhatIsReadFollowsThePromptOfItsTurn(t *testing.T) {
	virtual(t, modelConfig+"[account.work]\nplan = \"v2/pro\"\n[[belongs]]\naccount = \"work\"\nkey = \"3f9a0c12d4e5\"\n", func(x *tail) {
		keyed, plain := x.prompt("t1"), x.prompt("t2")
		keyed.Key, keyed.ID = "3f9a0c12d4e5", "keyed"
		x.asked("t1")
		x.answered("glm-4.7")
		x.post(keyed)
		x.asked("t2")
		x.answered("glm-5.3")
		x.post(plain)
		x.turnEnds()
		time.Sleep(lookSoon)
		got := map[string]string{}
		for _, e := range x.of(quota.KindUsage) {
			got[e.Turn] = e.Account
		}
		if want := map[string]string{"t1": "work", "t2": "default"}; !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
