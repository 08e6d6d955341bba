package daemon

import (
	"context"
	"time"

	"quotad/config"
	"quotad/notify"
)

// TestResult is what became of a test notice with one sender.
type TestResult struct {
	To      string `json:"to"`
	Outcome string `json:"outcome"` // a word of notify.Outcome: "delivered"
	Error   string `json:"error"`   // "" where it was delivered
}

// testTime is how long one sender may take in all.
const testTime = 12 * time.Second

// TestSenders sends a test notice straight through each sender: neither quiet
// hours nor a snooze hold it back, and nothing is recorded of it.
func TestSenders(ctx context.Context, senders []notify.Sender, now time.Time) []TestResult {
	results := []TestResult{}
	for _, s := range senders {
		results = append(results, testSender(ctx, s, now))
	}
	return results
}

func testSender(ctx context.Context, s notify.Sender, now time.Time) TestResult {
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	outcome, err := s.Send(ctx, notify.TestNotice(now), func() error { return nil })
	r := TestResult{To: s.Name(), Outcome: outcome.String()}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// Senders are those that the settings name, the ones that Run tells notices by.
func Senders(s config.Settings, env func(string) string) []notify.Sender {
	d := service{Options: Options{Env: env}}
	return d.senders(&s)
}
