package quota

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Guess is how sure the estimated part of a use is. Those of several charges
// add up, in any order.
type Guess struct {
	Total   Amount `json:"total"`            // estimated
	Seeded  Amount `json:"seeded,omitempty"` // of it, by the plan's seed alone
	Prompts int64  `json:"prompts,omitempty"`
	Turns   int64  `json:"turns,omitempty"` // fewest that a price of those Prompts was learned from
	Lower   Amount `json:"lower,omitempty"` // had each of them cost what the cheapest quarter of turns does at most
	Upper   Amount `json:"upper,omitempty"` // and what the dearest quarter does at least
}

// String says what a charge was guessed by.
func (g Guess) String() string {
	if g.Turns == 0 {
		return "seed"
	}
	return fmt.Sprintf("the median of %d turns of this account", g.Turns)
}

func (g Guess) plus(o Guess) Guess {
	return Guess{
		Total: g.Total.Plus(o.Total), Seeded: g.Seeded.Plus(o.Seeded), Prompts: g.Prompts + o.Prompts,
		Turns: fewest(g.Turns, o.Turns), Lower: g.Lower.Plus(o.Lower), Upper: g.Upper.Plus(o.Upper),
	}
}

// fewest is the lesser of two counts, of which zero is none.
func fewest(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

const (
	// seedSpread is how far off a seed may be, either way. It is what one prompt
	// costs on v2 in the mean, where a prompt counts from 0.4 to 3.
	seedSpread = 3
	// nineteenOf20 is how many standard deviations hold 19 of 20.
	nineteenOf20 = 1.96
	// quartiles is how many standard deviations lie between the quartiles.
	quartiles = 1.349
	// narrowest and widest are the spreads that quartiles are believed of; a
	// Sketch does not tell them finer.
	narrowest, widest = 0.022, 1.5
)

// factors are what the estimated part may be, as factors of it, 19 times of 20:
// the seeded part and the learned one, as if both were off to the same side.
func (g Guess) factors() (low, high float64) {
	if g.Total <= 0 {
		return 1, 1
	}
	seeded := min(1, g.Seeded.Float()/g.Total.Float())
	low, high = g.learned()
	return seeded/seedSpread + (1-seeded)*low, seeded*seedSpread + (1-seeded)*high
}

// learned are the factors of the part that turns have taught. What turns cost is
// skewed, about log-normal, so that the sum of many lies above as many medians
// (by Fenton and Wilkinson), and the less far off the more they are. What
// few turns have taught of the median is off for all of them alike, and few
// quartiles tell the spread badly: it is taken as more.
func (g Guess) learned() (low, high float64) {
	if g.Prompts <= 0 || g.Turns <= 0 {
		return 1, 1
	}
	turns := float64(g.Turns)
	s := widest
	if g.Lower > 0 {
		s = math.Log(max(1, g.Upper.Float()/g.Lower.Float())) / quartiles
		s = min(max(s, narrowest)*(1+1/math.Sqrt(turns)), widest)
	}
	sum := math.Log1p(math.Expm1(s*s) / float64(g.Prompts))
	off := nineteenOf20 * math.Sqrt(sum+math.Pi/2*s*s/turns)
	centre := (s*s - sum) / 2
	return min(1, math.Exp(centre-off)), max(1, math.Exp(centre+off))
}

// guess takes in an estimated charge at t that counted so much.
func (s *Standing) guess(w *Window, t time.Time, c Charge, used Amount) {
	s.Est = s.Est.Plus(used)
	s.Guess = s.Guess.plus(c.Guess)
	if w.Kind == Rolling {
		s.Guessed = append(s.Guessed[:len(s.Guessed):len(s.Guessed)], spent{t, used})
	}
}

// unguess lets go of what a rolling window gives back of an instant. What a
// reading has corrected since is no estimate any more.
func (s *Standing) unguess(at time.Time) {
	var estimated Amount
	s.Guessed, estimated = cut(s.Guessed, at)
	if at.After(s.Read) {
		s.estimated(max(0, s.Est-estimated))
	}
}

// estimated leaves so much of the use estimated. Of nothing there is no Guess.
func (s *Standing) estimated(n Amount) {
	if s.Est = n; n == 0 {
		s.Guess = Guess{}
	}
}

// warmed is what a charge at t, which Warm has come to, counted. Of an estimate
// that was noted: what has been learned since would price it otherwise.
func (s *Standing) warmed(c Charge, t time.Time) Amount {
	if !c.Estimated {
		return s.Ratios.used(c)
	}
	i := s.warm + slices.IndexFunc(s.Guessed[min(s.warm, len(s.Guessed)):], func(x spent) bool { return x.At.Equal(t) })
	if i < s.warm {
		return s.Ratios.used(c)
	}
	s.warm = i + 1
	return s.Guessed[i].Amount
}

// off is by how much a use that rests on such a guess may be less and more,
// where its estimated part is est, 19 times of 20.
func (g Guess) off(est Amount) (less, more Amount) {
	low, high := g.factors()
	return FromFloat(est.Float() * (1 - low)), FromFloat(min(est.Float()*(high-1), math.MaxInt32))
}

// guessed are the bounds of a use whose estimated part alone is unsure; nil
// where nothing is, or a reading tells more.
func (s *Standing) guessed() (low, high *Amount) {
	if s.Est <= 0 || !s.Read.IsZero() {
		return nil, nil
	}
	less, more := s.Guess.off(min(s.Est, max(s.Used, 0)))
	least, most := max(s.Used-less, 0), s.Used.Plus(more)
	return &least, &most
}
