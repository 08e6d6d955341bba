package notify

import "testing"

func TestStateOfSenders(t *testing.T) {
	both := []string{"desktop", "command"}
	for _, c := range []struct {
		name    string
		state   State
		senders []string
		desktop State // where it stands
		final   bool
		again   State // written anew
	}{
		{"nothing stored is pending", "", both, StatePending, false, StatePending},
		{"a word holds for all", "held", both, StateHeld, false, StateHeld},
		{"one name", "desktop", both, told, true, "desktop"},
		{"both names", "desktop+command", both, told, true, "desktop+command"},
		{"one is done, one is not", "command+desktop:pending", both, StatePending, false, "command+desktop:pending"},
		{"both stand alike", "desktop:failed+command:failed", both, StateFailed, true, StateFailed},
		{"a sender that is gone keeps what it did", "desktop", []string{"command"}, told, true, "desktop"},
		{"a digest is the end", "digest", both, StateDigest, true, StateDigest},
		{"unknown is the end", "unknown", both, StateUnknown, true, StateUnknown},
		{"in the middle", "sending", []string{"desktop"}, StateSending, false, StateSending},
	} {
		t.Run(c.name, func(t *testing.T) {
			ps := parse(c.state, c.senders)
			if got := ps.of("desktop"); got != c.desktop {
				t.Errorf("the desktop stands at %q, want %q", got, c.desktop)
			}
			if got := c.state.Final(); got != c.final {
				t.Errorf("final: %v, want %v", got, c.final)
			}
			if got := ps.state(); got != c.again {
				t.Errorf("written %q, want %q", got, c.again)
			}
		})
	}
}

func TestStateDropsSendersThatAreGone(t *testing.T) {
	for _, c := range []struct{ before, after State }{
		{"command+desktop:pending", "command"},
		{"pending", StateNone},
		{"command:pending", StatePending},
	} {
		ps := parse(c.before, []string{"desktop"}).keep([]string{"command"})
		if got := ps.state(); got != c.after {
			t.Errorf("%q becomes %q, want %q", c.before, got, c.after)
		}
	}
}
