package notify

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"quotad/quota"
)

// Words says what a notice says at now, with times as a clock in loc shows
// them. The status is that of its account; without one less is said. A digest
// has the words it was made with, and so has a notice of an unknown kind.
func Words(n quota.Notice, s *quota.Status, now time.Time, loc *time.Location) (title, body string) {
	m, ok := messageOf(n.Kind)
	if !ok || n.Kind == quota.NoticeDigest {
		return n.Title, n.Body
	}
	f, c := facts{}, clock{now, loc}
	if n.Kind == quota.NoticeRenewal {
		f.aboutRenewal(n, s, c)
		return f.say(m)
	}
	f.aboutNotice(n, s != nil && s.Several, c)
	f.aboutReading(s)
	if w := windowOf(s, n.Window); w != nil {
		f.room(w, s.Plan.Unit)
		f.aboutWindow(n, w, c)
		f.aboutOthers(w, s, c)
	}
	return f.say(m)
}

// TestNotice is a notice to see whether notices arrive.
func TestNotice(now time.Time) quota.Notice {
	n := quota.Notice{Kind: NoticeTest, Account: quota.DefaultAccount, At: quota.Milli(now), Reason: "asked for"}
	n.Title, n.Body = Words(n, nil, now, time.UTC)
	return n
}

// facts are what the names in braces of a message stand for. An empty one is
// a mere condition.
type facts map[string]string

// aboutNotice names the account where it is one of several, or another than
// most have.
func (f facts) aboutNotice(n quota.Notice, several bool, c clock) {
	name, _ := windowName(n.Window)
	f["name"] = name
	f["window"] = f.fill(windowTitle)
	if n.Account != "" && (several || n.Account != quota.DefaultAccount) {
		f["account"] = n.Account
		f["window"] = f.fill(accountTitle)
	}
	f.percent(n, n.Percent)
	if n.ResetsAt != nil && n.ResetsAt.After(c.now) {
		f.resets(*n.ResetsAt, quota.Fixed, c)
	}
	if n.Kind == quota.NoticeRefreshed && n.ResetsAt != nil && c.now.Sub(*n.ResetsAt) >= 5*time.Minute {
		f["since"] = Clock(*n.ResetsAt, c.now, c.loc)
	}
}

// aboutReading tells what is wrong with the provider's reading.
func (f facts) aboutReading(s *quota.Status) {
	if text := trouble(s); text != "" {
		first, size := utf8.DecodeRuneInString(text)
		f["Trouble"] = string(unicode.ToUpper(first)) + text[size:]
	}
}

// trouble is the warning about the provider's reading; "" where it is well.
func trouble(s *quota.Status) string {
	if s == nil {
		return ""
	}
	for _, w := range s.Warnings {
		if strings.HasPrefix(w.Code, "provider_") {
			return w.Message
		}
	}
	return ""
}

// percent is told rounded down; the level crossed beside it where they differ.
func (f facts) percent(n quota.Notice, percent float64) {
	whole := int(math.Floor(percent))
	f["percent"] = strconv.Itoa(whole)
	delete(f, "mark")
	if whole != n.Level {
		f["mark"] = strconv.Itoa(n.Level)
	}
}

// resets tells of the next reset. A rolling window is not full again then.
func (f facts) resets(t time.Time, kind quota.WindowKind, c clock) {
	f["go_on"], f["wait"] = c.at(t), Duration(t.Sub(c.now))
	f["reset"], f["clock"] = f["go_on"], Clock(t, c.now, c.loc)
	if kind == quota.Rolling {
		delete(f, "reset")
	}
}

func (f facts) aboutWindow(n quota.Notice, w *quota.WindowStatus, c clock) {
	if w.Percent >= float64(n.Level) {
		f.percent(n, shown(w))
	}
	if w.Counts == quota.CountTools {
		f["tools_only"] = ""
	}
	if w.ResetsAt != nil && w.ResetsAt.After(c.now) {
		f.resets(*w.ResetsAt, w.Kind, c)
	}
	if w.Forecast == nil || w.Forecast.ExhaustsAt == nil {
		return
	}
	out := *w.Forecast.ExhaustsAt
	f["runs_out"] = c.at(out)
	if w.ResetsAt != nil && w.ResetsAt.After(out) {
		f["too_early"] = Duration(w.ResetsAt.Sub(out))
	}
}

// shown is the percentage to show: below 100 while there is room.
func shown(w *quota.WindowStatus) float64 {
	if w.State != quota.PhaseExhausted && w.Used < w.Cap {
		return math.Min(w.Percent, 99)
	}
	return w.Percent
}

func (f facts) room(w *quota.WindowStatus, unit quota.Unit) {
	f["left"], f["cap"] = amount(w.Remaining), amount(w.Cap)
	f["about"], f["about_cap"] = "", ""
	if w.Approximate || w.Estimated != nil {
		f["about"], f["about_cap"] = "about ", "About "
	}
	one := strings.TrimSuffix(string(unit), "s")
	if w.Counts == quota.CountTools {
		one = toolCall
	}
	f["units"] = one + "s"
	if w.Cap == quota.One {
		f["units"] = one
	}
	if w.Remaining <= 0 {
		f["none_left"] = ""
	}
	if w.Used == 0 {
		f["untouched"] = ""
	}
}

// aboutOthers tells of the other windows that prompts count in, and whether
// one of them stops work longer than w.
func (f facts) aboutOthers(w *quota.WindowStatus, s *quota.Status, c clock) {
	var said []string
	for i := range s.Windows {
		o := &s.Windows[i]
		if o.Window == w.Window || o.Counts == quota.CountTools {
			continue
		}
		if f.blockedBy(o, w, s, c) {
			continue
		}
		name, _ := windowName(o.Window)
		of := facts{"Name": strings.ToUpper(name[:1]) + name[1:], "percent": strconv.Itoa(int(math.Floor(shown(o))))}
		if o.State == quota.PhaseExhausted {
			said = append(said, of.fill(otherFull))
		} else {
			said = append(said, of.fill(otherWindow))
		}
	}
	if len(said) > 0 {
		f["others"] = strings.Join(said, " ")
	}
}

// blockedBy notes that o is exhausted for longer than w.
func (f facts) blockedBy(o, w *quota.WindowStatus, s *quota.Status, c clock) bool {
	if o.State != quota.PhaseExhausted || o.ResetsAt == nil || !o.ResetsAt.Equal(deref(s.BlockedUntil)) {
		return false
	}
	if w.State == quota.PhaseExhausted && !o.ResetsAt.After(deref(w.ResetsAt)) {
		return false
	}
	_, f["blocker"] = windowName(o.Window)
	f["blocked_until"], f["blocked_for"] = c.at(*o.ResetsAt), Duration(o.ResetsAt.Sub(c.now))
	return true
}

func deref(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// say fills in a message.
func (f facts) say(m message) (title, body string) {
	var said []string
	for _, row := range m.body {
		if s := f.first(row); s != "" {
			said = append(said, s)
		}
	}
	return f.first(m.title), strings.Join(said, " ")
}

func (f facts) first(row []string) string {
	for _, s := range row {
		if f.known(s) {
			return f.fill(s)
		}
	}
	return ""
}

// known reports whether all facts that a sentence names are there.
func (f facts) known(sentence string) bool {
	for _, after := range strings.Split(sentence, "{")[1:] {
		name, _, _ := strings.Cut(after, "}")
		if _, ok := f[name]; !ok {
			return false
		}
	}
	return true
}

// fill puts facts in the place of their names, once.
func (f facts) fill(sentence string) string {
	before, rest, _ := strings.Cut(sentence, "{")
	var b strings.Builder
	b.WriteString(before)
	for rest != "" {
		var name, text string
		name, rest, _ = strings.Cut(rest, "}")
		b.WriteString(f[name])
		text, rest, _ = strings.Cut(rest, "{")
		b.WriteString(text)
	}
	return b.String()
}
