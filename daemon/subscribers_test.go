package daemon

import (
	"testing"

	"quotad/quota"
)

// takeAll takes what is there of a feed, and tells whether it is at its end.
func takeAll(notices <-chan quota.Notice) (n int, ended bool) {
	for {
		select {
		case _, open := <-notices:
			if !open {
				return n, true
			}
			n++
		default:
			return n, false
		}
	}
}

func TestAFeedThatFallsBehindEndsAndLosesNothingSilently(t *testing.T) {
	var s subscribers
	slow, quick := s.add(), s.add()
	taken := 0
	for range behind + 1 {
		s.tell([]quota.Notice{{}})
		n, ended := takeAll(quick.Notices)
		if taken += n; ended {
			t.Fatal("the quick one was ended")
		}
	}
	if n, ended := takeAll(slow.Notices); n != behind || !ended {
		t.Errorf("the slow one got %d, ended: %t", n, ended)
	}
	if taken != behind+1 {
		t.Errorf("the quick one got %d of %d", taken, behind+1)
	}
	slow.Cancel() // once more does no harm
	quick.Cancel()
	quick.Cancel()
}

func TestFeedsEndWithTheEngine(t *testing.T) {
	var s subscribers
	before := s.add()
	s.close()
	after := s.add()
	for what, notices := range map[string]<-chan quota.Notice{"of before": before.Notices, "of after": after.Notices} {
		if _, ended := takeAll(notices); !ended {
			t.Errorf("the feed %s goes on", what)
		}
	}
}

func TestChangesGatherToOneSignal(t *testing.T) {
	var s subscribers
	feed := s.add()
	for range 3 {
		s.changed() // and nobody waits
	}
	<-feed.Changes
	select {
	case <-feed.Changes:
		t.Error("there is another")
	default:
	}
}
