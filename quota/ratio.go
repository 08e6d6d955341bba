package quota

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// anyModel stands for charges of several models, and of those that the plan's
// data does not know.
const anyModel = "*"

// byTokens is the ratio of the provider's count to what tokens come to, on a plan
// that counts prompts.
const byTokens = "tokens"

const (
	ratioSamples = 5                   // a ratio is applied from so many on
	ratioWeight  = 4                   // of a sample in its sketch, so that fading wears it off slowly
	ratioFade    = 40                  // samples after which the older ones fade
	ratioMost    = 8                   // a ratio beyond it, either way, is not believed
	ratioFor     = 30 * 24 * time.Hour // without a new sample the ratios are forgotten
	ratioMoved   = 5                   // percent of the cap that use has to move for a sample
	ratioExact   = 1                   // the same where the provider tells absolute figures
	ratioOwn     = 90                  // percent of the charges that make a sample that of one model
)

// Ratio is how much the provider counted for one unit that was guessed here.
type Ratio struct {
	Median Amount `json:"median"`
	Lower  Amount `json:"lower"` // lower and upper quartile
	Upper  Amount `json:"upper"`
}

// Ratios are by billed model; "*" is of all others.
type Ratios map[string]Ratio

// Calibration is what readings have taught of the ratio of the provider's count
// to the one here. Its sketches are never changed, so that copies may share them.
type Calibration struct {
	Newest time.Time         `json:"newest,omitzero"` // sample
	Models map[string]Sketch `json:"models,omitempty"`
}

// holds reports whether what was learned is not forgotten at t.
func (c *Calibration) holds(t time.Time) bool {
	return !c.Newest.IsZero() && t.Sub(c.Newest) <= ratioFor
}

// Ratios are those that hold at t, of the models that were sampled often enough.
func (c *Calibration) Ratios(t time.Time) Ratios {
	if !c.holds(t) {
		return nil
	}
	var list Ratios
	for model, s := range c.Models {
		if s.Count() < ratioSamples*ratioWeight {
			continue
		}
		if list == nil {
			list = Ratios{}
		}
		list[model] = Ratio{believed(s.Quantile(0.5)), believed(s.Quantile(0.25)), believed(s.Quantile(0.75))}
	}
	return list
}

func believed(ratio float64) Amount {
	return FromFloat(min(max(ratio, 1.0/ratioMost), ratioMost))
}

// learn takes a sample in.
func (c *Calibration) learn(t time.Time, s ratioSample) {
	c.Newest = t
	models := maps.Clone(c.Models)
	if models == nil {
		models = map[string]Sketch{}
	}
	models[s.model] = models[s.model].with(believed(s.ratio).Float(), ratioWeight, ratioFade*ratioWeight)
	c.Models = models
}

// byTurns begins the scale of an estimate that the account's own turns have
// taught: ratios of seeds tell nothing of it.
const byTurns = "turns of "

// of is the ratio that applies to guesses of a model; false where none does.
func (r Ratios) of(model string) (Ratio, bool) {
	if ratio, ok := r[model]; ok || strings.HasPrefix(model, byTurns) {
		return ratio, ok
	}
	ratio, ok := r[anyModel]
	return ratio, ok
}

// guessSpread is how far off a guess may be, either way, before readings have
// taught a ratio: a prompt is 15 to 20 model calls, and some are one.
const guessSpread = 2

// count is what a charge counts, and the least and the most that it may have
// been. Only a guess is ever scaled.
func (r Ratios) count(c Charge) (used, low, high Amount) {
	tokens, told := r[byTokens]
	switch {
	case c.Gauge > 0 && told:
		return c.Gauge.scaled(tokens.Median), c.Gauge.scaled(tokens.Lower), c.Gauge.scaled(tokens.Upper)
	case c.Gauge > 0, c.Followed && told: // the one or the other counts
		return 0, 0, 0
	case c.Scale == "":
		return c.Amount, c.Amount, c.Amount
	}
	ratio, ok := r.of(c.Scale)
	if !ok && c.Estimated { // its Guess tells how far off it may be
		return c.Amount, c.Amount, c.Amount
	}
	if !ok {
		return c.Amount, c.Amount / guessSpread, c.Amount.Times(guessSpread)
	}
	return c.Amount.scaled(ratio.Median), c.Amount.scaled(ratio.Lower), c.Amount.scaled(ratio.Upper)
}

// tokens reports whether readings have taught what tokens count, where prompts
// are counted.
func (r Ratios) tokens() bool {
	_, ok := r[byTokens]
	return ok
}

// used is what a charge counts.
func (r Ratios) used(c Charge) Amount {
	used, _, _ := r.count(c)
	return used
}

// rate takes the ratios for an instance, at the first charge that is made in it:
// within one they stay, so that what was counted can be told step by step.
func (s *Standing) rate(w *Window, anchor, t time.Time, c *Calibration) {
	if s.roll(w, anchor, t); !s.Rated && w.Blocks() {
		s.Rated, s.Ratios = true, c.Ratios(t)
	}
}

// learns is the window by which ratios are learned: the first that stops work.
// The others are charged the same, and would tell the same again.
func (p *Plan) learns() int {
	return slices.IndexFunc(p.Windows, func(w Window) bool { return w.Blocks() })
}

func (a Amount) scaled(by Amount) Amount { return mulDiv(a, by, uint64(One)) }

// scale is by which ratio a charge is to be scaled, where it rests on a guess at
// tokens that nobody told; "" where it does not.
func (a *Account) scale(c Charge) string {
	if c.Gauge > 0 {
		return byTokens
	}
	if !c.Counts() || !c.Estimated && (a.Plan.Unit != Prompts || c.Counter != CountPrompts) {
		return ""
	}
	for i := range a.Plan.Weights {
		if a.Plan.Weights[i].Model == c.Model {
			return c.Model
		}
	}
	for i := range a.Plan.Rates {
		if a.Plan.Rates[i].Model == c.Model {
			return c.Model
		}
	}
	return anyModel
}

// sampling is the stretch between two readings of an instance, over which the
// provider's count is compared with the one here.
type sampling struct {
	From    time.Time         `json:"from,omitzero"` // reading that it begins with
	Use     Amount            `json:"use"`           // what that one showed
	Exact   Amount            `json:"exact"`         // charged since, and before it too lately to be in it
	Guessed Amount            `json:"guessed"`       // the same, by guess and unscaled
	Blind   Amount            `json:"blind"`         // of it, what no tokens were told of
	Gauge   Amount            `json:"gauge"`         // what tokens came to
	Models  map[string]Amount `json:"models,omitempty"`
}

// ratioSample is one comparison.
type ratioSample struct {
	model string
	ratio float64
}

// add takes a charge in. The map is not shared.
func (p *sampling) add(c Charge) {
	switch {
	case p.From.IsZero():
	case c.Gauge > 0:
		p.Gauge = p.Gauge.Plus(c.Gauge)
	case c.Scale == "":
		p.Exact = p.Exact.Plus(c.Amount)
	default:
		if !c.Followed {
			p.Blind = p.Blind.Plus(c.Amount)
		}
		p.Guessed = p.Guessed.Plus(c.Amount)
		p.Models = maps.Clone(p.Models)
		if p.Models == nil {
			p.Models = map[string]Amount{}
		}
		p.Models[c.Scale] = p.Models[c.Scale].Plus(c.Amount)
	}
}

// begin starts anew from a reading that showed a use.
func (p *sampling) begin(t time.Time, use Amount, late bucket) {
	*p = sampling{From: t, Use: use, Exact: late.Exact, Guessed: late.Guessed, Gauge: late.Gauge}
}

// take compares with a reading that shows a use, once enough has moved; late is
// what it cannot hold yet. It reports whether the stretch is over.
func (p *sampling) take(use Amount, late bucket, need int, limit Amount) (samples []ratioSample, over bool) {
	moved := use - p.Use
	if moved <= 0 || !moved.Reaches(need, limit) {
		return nil, false
	}
	here, there := p.Guessed-late.Guessed, moved-(p.Exact-late.Exact)
	if here > 0 && there > 0 && len(p.Models) > 0 {
		samples = append(samples, ratioSample{model: p.model(), ratio: there.Float() / here.Float()})
	}
	if told := p.Gauge - late.Gauge; told > 0 && there > 0 && p.Blind == 0 {
		samples = append(samples, ratioSample{model: byTokens, ratio: there.Float() / told.Float()})
	}
	return samples, true
}

// model is the one that almost all guesses were about.
func (p *sampling) model() string {
	var sum Amount
	for _, n := range p.Models {
		sum = sum.Plus(n)
	}
	for model, n := range p.Models {
		if n.Reaches(ratioOwn, sum) {
			return model
		}
	}
	return anyModel
}
