package main

import (
	"math"
	"strings"
	"time"

	"quotad/notify"
	"quotad/quota"
)

// length is how many words something is said in.
type length int

// The lengths, from all there is to say on one line to the least that is of
// use.
const (
	lengthWordy length = iota
	lengthUsual        // all windows
	lengthTerse        // the window that stops work first, and when it is full again
	lengthBrief        // the same, for a narrow place
	lengthLeast        // that window alone
	lengths
)

// longestName is how many columns the name of an account or a window may take
// in a bar.
const longestName = 16

// brief is one account in few words.
type brief struct {
	level   level
	percent int // used of the window that stops work first; 0 to 100
	assumed bool
	warned  bool // the status has warnings
	texts   [lengths]string
}

// titled is a text under the title of all this, where the length has room for one.
func (n length) titled(text string) string {
	if n >= lengthBrief {
		return text
	}
	return "GLM " + text
}

// brief puts an account in few words. What is "about" elsewhere is "~" here,
// and what is assumed says so, with a "?" where a word has no room. Texts have no title yet.
func (g *glance) brief(st *quota.Status, named bool) brief {
	b := brief{level: levelOf(st.State), assumed: isAssumed(*st), warned: len(st.Warnings) > 0}
	w := bindingOf(st)
	name := ""
	if named {
		name = g.screen.fit(st.Account, longestName) + " "
	}
	if w == nil { // the plan has none that stops work
		for n := range b.texts {
			b.texts[n] = name + "no limit"
		}
		return b
	}
	b.percent = int(min(max(math.Floor(w.Percent), 0), 100))
	v := views{g, st, w, b.assumed}
	for n, texts := range [...][]string{
		lengthWordy: v.wordy(),
		lengthUsual: v.usual(),
		lengthTerse: {v.terse(), v.mark("assumed")},
		lengthBrief: {v.brief()},
		lengthLeast: {v.least()},
	} {
		b.texts[n] = name + join(g.screen.dot(), texts...)
	}
	return b
}

// bindingOf is the window that stops work first, or the first that might; nil
// where none does.
func bindingOf(st *quota.Status) *quota.WindowStatus {
	var first *quota.WindowStatus
	for i := range st.Windows {
		w := &st.Windows[i]
		if w.Window == st.Binding && st.Binding != "" {
			return w
		}
		if first == nil && w.Counts != quota.CountTools {
			first = w
		}
	}
	return first
}

// views are the ways to tell of an account by the window that stops work first.
type views struct {
	*glance
	st      *quota.Status
	w       *quota.WindowStatus
	assumed bool
}

// mark is a text where something is assumed.
func (v views) mark(text string) string {
	if v.assumed {
		return text
	}
	return ""
}

func (v views) exhausted() bool { return v.st.State == quota.StateExhausted }

func (v views) wordy() []string {
	first := "no" + strings.TrimPrefix(v.clock.noRoom(v.st), "No")
	if !v.exhausted() {
		first = join(", ", v.share(v.w)+" ("+usedOf(v.w, v.st.Plan.Unit)+")", v.resets(v.w), v.runsOut(v.w, " at this pace"))
	}
	what := "subscription date assumed"
	if v.st.Plan.Assumed {
		what = "plan assumed"
	}
	return append(append([]string{first}, v.others(true)...), v.mark(what))
}

func (v views) usual() []string {
	first := v.terse()
	if !v.exhausted() {
		first = join(", ", first, v.runsOut(v.w, ""))
	}
	return append(append([]string{first}, v.others(false)...), v.mark("assumed"))
}

func (v views) terse() string {
	if !v.exhausted() {
		return join(", ", v.share(v.w), v.resets(v.w))
	}
	if v.st.BlockedUntil == nil {
		return "no room"
	}
	return "no room until " + v.clock.soon(*v.st.BlockedUntil)
}

func (v views) brief() string {
	at := v.w.ResetsAt
	if v.exhausted() {
		at = v.st.BlockedUntil
	} else if v.w.Kind == quota.Rolling {
		at = nil
	}
	if at == nil {
		return v.least()
	}
	return v.least() + ", " + v.clock.soon(*at)
}

func (v views) least() string {
	if v.exhausted() {
		return "no room" + v.mark("?")
	}
	return v.share(v.w) + v.mark("?")
}

// share is what is used of a window: "5h ~37 %".
func (v views) share(w *quota.WindowStatus) string {
	text := percentOf(w)
	if about(w) != "" && w.Used > 0 && !strings.HasPrefix(text, "<") {
		text = "~" + text
	}
	return v.screen.fit(w.Window, longestName) + " " + text
}

// resets says when a window is full again, "" where it never is at once.
func (v views) resets(w *quota.WindowStatus) string {
	if w.ResetsAt == nil || w.Kind == quota.Rolling {
		return ""
	}
	return "resets " + v.clock.soon(*w.ResetsAt)
}

// runsOut says when the pace exhausts a window, "" where it does not.
func (v views) runsOut(w *quota.WindowStatus, more string) string {
	if w.Forecast == nil || w.Forecast.ExhaustsAt == nil {
		return ""
	}
	return "runs out " + v.clock.soon(*w.Forecast.ExhaustsAt) + more
}

// others tell of the windows beside the first that prompts count in.
func (v views) others(resets bool) []string {
	var texts []string
	for i := range v.st.Windows {
		w := &v.st.Windows[i]
		if w == v.w || w.Counts == quota.CountTools {
			continue
		}
		text := v.share(w)
		if resets {
			text = join(", ", text, v.resets(w))
		}
		texts = append(texts, text)
	}
	return texts
}

// soon is a time in few columns: "14:20", "Thu 14:20" within a week, "3 Dec"
// after that.
func (c clock) soon(t time.Time) string {
	const week = 6 * 24 * time.Hour // so that no day is this day's namesake
	text := notify.Clock(t, c.now, c.loc)
	if len(text) == len("15:04") {
		return text
	}
	if t.Sub(c.now).Abs() < week {
		return t.In(c.loc).Format("Mon 15:04")
	}
	return t.In(c.loc).Format("2 Jan")
}
