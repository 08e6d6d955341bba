package hook

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"quotad/daemon/api"
	"quotad/quota"
)

// stage is a call on a stage: what it sent, what it spooled, and when.
type stage struct {
	call            Call
	mu              sync.Mutex
	posted, spooled []string // the events' IDs
	spooledAfter    time.Duration
}

func newStage(t *testing.T, input io.Reader) *stage {
	s := &stage{}
	s.call = Call{
		Tool: "claude-code", Stdin: input, Env: environ(nil), Start: time.Now(), Rand: zeros{},
		Tell:   func([]byte, time.Time) {},
		GiveUp: func() {}, // a loaded machine may be late
		Spool: func(e quota.Event, line []byte) error {
			if sent, err := api.DecodeEvent(line, s.call.Start); err != nil || sent.ID != e.ID {
				t.Errorf("spooled as %s: %s", e.ID, line)
			}
			s.mu.Lock()
			s.spooled, s.spooledAfter = append(s.spooled, e.ID), time.Since(s.call.Start)
			s.mu.Unlock()
			return nil
		},
	}
	return s
}

// run makes the call, its daemon behaving as post does, and says how long it
// took.
func (s *stage) run(t *testing.T, post func(s *stage) api.Delivery) (Outcome, time.Duration) {
	s.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
		e, err := api.DecodeEvent(line, s.call.Start)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.posted = append(s.posted, e.ID)
		s.mu.Unlock()
		return api.Receipt{Delivery: post(s)}, nil
	}
	out := s.call.Run()
	took := time.Since(s.call.Start)
	s.mu.Lock() // what was acknowledged may still be on its way to the spool
	defer s.mu.Unlock()
	return out, took
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

const aPrompt = `{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"hi"}`

// after answers, but not before its time.
func after(d time.Duration, answer api.Delivery) func(*stage) api.Delivery {
	return func(*stage) api.Delivery { time.Sleep(d); return answer }
}

const notSpooled = -1

func TestCallByTheDaemonsAnswer(t *testing.T) {
	for _, c := range []struct {
		what         string
		post         func(s *stage) api.Delivery
		fate         Fate
		took         time.Duration
		spooledAfter time.Duration
	}{
		{"it stores at once", after(0, api.Delivered), Acked, 0, notSpooled},
		{"it takes its time", after(spoolAt-1, api.Delivered), Acked, spoolAt - 1, notSpooled},
		{"it stores just in time", after(ackBy-1, api.Delivered), Acked, ackBy - 1, spoolAt},
		{"it refuses", after(0, api.Refused), Refused, 0, notSpooled},
		{"it is not there", after(0, api.Undelivered), Spooled, 0, 0},
		{"it goes away", after(time.Millisecond, api.Undelivered), Spooled, time.Millisecond, time.Millisecond},
		{"it says nothing", after(ackBy, api.Undelivered), Spooled, ackBy, spoolAt},
		{"it says that it cannot, and late", after(spoolAt+1, api.Undelivered), Spooled, spoolAt + 1, spoolAt},
		{"the sender panics", func(s *stage) api.Delivery { panic("broken") }, Spooled, 0, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, strings.NewReader(aPrompt))
				out, took := s.run(t, c.post)
				time.Sleep(time.Second) // nothing happens any more
				if out != (Outcome{Counted, c.fate}) || took != c.took {
					t.Errorf("%v, %v after %v", out.Reason, out.Fate, took)
				}
				if len(s.posted) != 1 || len(s.posted[0]) != 26 {
					t.Fatalf("posted %q", s.posted)
				}
				if spooled := c.spooledAfter != notSpooled; spooled != (len(s.spooled) == 1) ||
					spooled && (s.spooled[0] != s.posted[0] || s.spooledAfter != c.spooledAfter) {
					t.Errorf("posted %q, spooled %q after %v", s.posted, s.spooled, s.spooledAfter)
				}
			})
		})
	}
}

func TestALongNameDoesNotCostThePrompt(t *testing.T) {
	for _, answer := range []api.Delivery{api.Delivered, api.Undelivered} {
		s := newStage(t, strings.NewReader(`{"session_id":"s","hook_event_name":"UserPromptSubmit","cwd":"/`+strings.Repeat("x", 2*quota.MaxText)+`"}`))
		out, _ := s.run(t, after(0, answer)) // which looks at what is sent, as the daemon does
		if out.Reason != Counted || out.Fate == Lost || len(s.posted) != 1 || s.posted[0] == "" {
			t.Errorf("%v, %v, posted %q", out.Reason, out.Fate, s.posted)
		}
	}
}

func TestCallByTheSpool(t *testing.T) {
	for _, c := range []struct {
		what  string
		spool func() error
		fate  Fate
		took  time.Duration
	}{
		{"the disk is quick", func() error { return nil }, Spooled, ackBy},
		{"the disk is slow", func() error { time.Sleep(80 * time.Millisecond); return nil }, Spooled, spoolAt + 80*time.Millisecond},
		{"there is no room", func() error { return errors.New("no room") }, Lost, ackBy},
		{"it panics", func() error { panic("broken") }, Lost, ackBy},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, strings.NewReader(aPrompt))
				s.call.Spool = func(quota.Event, []byte) error { return c.spool() }
				out, took := s.run(t, after(ackBy, api.Undelivered))
				if out != (Outcome{Counted, c.fate}) || took != c.took {
					t.Errorf("%v, %v after %v", out.Reason, out.Fate, took)
				}
			})
		})
	}
}

// A sender that forgets its deadline does not keep an event from the spool.
func TestCallWithAHungSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, strings.NewReader(aPrompt))
		hung := make(chan struct{})
		go s.run(t, func(*stage) api.Delivery { <-hung; return api.Undelivered })
		time.Sleep(spoolAt)
		synctest.Wait()
		s.mu.Lock()
		if len(s.spooled) != 1 || s.spooledAfter != spoolAt {
			t.Errorf("spooled %q after %v", s.spooled, s.spooledAfter)
		}
		s.mu.Unlock()
		close(hung)
		synctest.Wait()
		if len(s.spooled) != 1 {
			t.Errorf("spooled %q", s.spooled)
		}
	})
}

// An event that arrives late gets its chance of an answer before it is spooled.
func TestCallWithLateInput(t *testing.T) {
	for _, c := range []struct {
		arrives, answered time.Duration
		spooledAfter      time.Duration
	}{
		{85 * time.Millisecond, spoolAfter - 1, notSpooled},
		{85 * time.Millisecond, spoolAfter + 1, 85*time.Millisecond + spoolAfter},
		{inputBy - 1, spoolAfter - 1, notSpooled},
	} {
		synctest.Test(t, func(t *testing.T) {
			in, out := io.Pipe()
			go func() {
				time.Sleep(c.arrives)
				io.WriteString(out, aPrompt)
			}()
			s := newStage(t, in)
			got, took := s.run(t, after(c.answered, api.Delivered))
			if got != (Outcome{Counted, Acked}) || took != c.arrives+c.answered {
				t.Errorf("%v after %v", got.Fate, took)
			}
			if spooled := c.spooledAfter != notSpooled; spooled != (len(s.spooled) == 1) || spooled && s.spooledAfter != c.spooledAfter {
				t.Errorf("%+v: spooled %q after %v", c, s.spooled, s.spooledAfter)
			}
		})
	}
}

// What is not there in time is not waited for.
func TestCallWithoutInput(t *testing.T) {
	for what, input := range map[string]string{"nothing comes": "", "half of it comes": aPrompt[:30], "more comes than is read": strings.Repeat(" ", maxInput+1)} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, out := io.Pipe()
				s := newStage(t, in)
				var after time.Duration
				s.call.GiveUp = func() {
					after = time.Since(s.call.Start)
					in.Close() // in the place of the process's end
				}
				go io.WriteString(out, input)
				if got, _ := s.run(t, nil); got.Fate != NoEvent || after != inputBy {
					t.Errorf("%v, given up after %v", got.Fate, after)
				}
			})
		})
	}
	t.Run("all is there in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, strings.NewReader(aPrompt))
			s.call.GiveUp = func() { t.Errorf("given up after %v", time.Since(s.call.Start)) }
			s.run(t, after(ackBy-1, api.Delivered))
			time.Sleep(time.Second)
		})
	})
}

// The deadlines leave each step the time that it needs.
func TestDeadlinesFollowEachOther(t *testing.T) {
	const promise, beginAndEnd, disk = 200 * time.Millisecond, 25 * time.Millisecond, 20 * time.Millisecond
	if !(spoolAt < inputBy && inputBy+spoolAfter <= ackBy && ackBy+disk <= Limit && Limit+beginAndEnd <= promise) {
		t.Errorf("spool at %v, input by %v, answer by %v, limit %v", spoolAt, inputBy, ackBy, Limit)
	}
}

func TestCallByItsInput(t *testing.T) {
	for _, c := range []struct {
		what, input string
		open        bool // the tool never closes its end
		reason      Reason
	}{
		{"a prompt", aPrompt, false, Counted},
		{"a prompt, and the pipe stays open", aPrompt, true, Counted},
		{"half a prompt", aPrompt[:30], false, Unreadable},
		{"nothing", "", false, Unreadable},
		{"9 MiB", `{"a":"` + strings.Repeat("x", 9<<20) + `"}`, false, TooLong},
		{"9 MiB, and the pipe stays open", `{"a":"` + strings.Repeat("x", 9<<20) + `"}`, true, TooLong},
		{"the end of a turn", `{"hook_event_name":"Stop"}`, false, TurnEnded},
	} {
		t.Run(c.what, func(t *testing.T) {
			in, out := io.Pipe()
			defer in.Close()
			go func() {
				io.WriteString(out, c.input)
				if !c.open {
					out.Close()
				}
			}()
			s := newStage(t, in)
			got, _ := s.run(t, after(0, api.Delivered))
			if counted := c.reason == Counted; got.Reason != c.reason || counted != (len(s.posted) == 1) || counted != (got.Fate == Acked) {
				t.Errorf("%v, %v, posted %q", got.Reason, got.Fate, s.posted)
			}
		})
	}
}

// A hook that is registered twice runs twice; both runs send the prompt, under
// one ID, so that it counts once even where only one of them is heard.
func TestCallsForOnePromptShareItsID(t *testing.T) {
	dir := t.TempDir()
	begin := time.Now()
	told := map[Run]int{}
	for i, at := range []time.Duration{0, 20 * time.Millisecond, time.Second} {
		s := newStage(t, strings.NewReader(aPrompt))
		s.call.Start = begin.Add(at)
		s.call.Rand = strings.NewReader(strings.Repeat(string(rune('a'+i)), 10))
		s.call.Twins = Twins{Dirs: []string{dir}, Salt: SaltIn(dir)}
		s.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
			e, err := api.DecodeEvent(line, begin)
			if err != nil {
				t.Fatal(err)
			}
			told[Run{ID: e.ID, At: e.At}]++
			return api.Receipt{Delivery: api.Delivered}, nil
		}
		if out := s.call.Run(); out != (Outcome{Counted, Acked}) {
			t.Errorf("run %d: %v, %v", i, out.Reason, out.Fate)
		}
	}
	if len(told) != 2 {
		t.Errorf("two prompts came out as %v", told)
	}
}

// What is sent holds neither the prompt nor anything secret.
func TestCallTellsNoSecrets(t *testing.T) {
	in := `{"session_id":"s","hook_event_name":"UserPromptSubmit","cwd":"/x","prompt":"my-words","user_email":"my-words"}`
	s := newStage(t, strings.NewReader(in))
	s.call.Env = environ(map[string]string{"ANTHROPIC_BASE_URL": "https://u:a-key-nobody-may-see@api.z.ai/api/anthropic?k=a-key-nobody-may-see"})
	s.call.Post = func(line []byte, _ time.Time) (api.Receipt, error) {
		for _, secret := range []string{"my-words", "a-key-nobody-may-see"} {
			if strings.Contains(string(line), secret) {
				t.Errorf("%s", line)
			}
		}
		return api.Receipt{Delivery: api.Delivered}, nil
	}
	if out := s.call.Run(); out.Fate != Acked {
		t.Error(out.Fate)
	}
}
