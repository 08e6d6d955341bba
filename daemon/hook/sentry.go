package hook

import (
	"io"
	"time"

	"quotad/quota"
)

// guardBy is when the daemon has to have told where things stand: a prompt that
// is held back later could not be taken out of the count any more.
const guardBy = 120 * time.Millisecond

// Sentry is what the guard works with. Whatever of it fails lets the prompt
// pass in silence.
type Sentry struct {
	Guard Guard
	// Status asks the daemon about an account and waits until the deadline.
	Status func(account string, deadline time.Time) (quota.Statuses, error)
	Warned Warned
	Clock  func(time.Time) string // an instant as it stands in a sentence: "at 18:29"
	Stdout io.Writer              // which the tool reads
}

// speak answers the tool where there is something to say, and reports whether
// that holds the prompt back.
func (s Sentry) speak(words func(Verdict) []byte, account string, start time.Time) bool {
	all, err := s.Status(account, start.Add(guardBy))
	now := time.Now()
	if err != nil || now.After(start.Add(guardBy)) {
		return false
	}
	for _, v := range Decide(s.Guard, all, account, now, s.Clock) {
		text := words(v)
		if len(text) == 0 || v.Action == Warn && !s.Warned.First(v.About, now) {
			continue
		}
		_, err := s.Stdout.Write(text)
		return err == nil && v.Action == Block
	}
	return false
}
