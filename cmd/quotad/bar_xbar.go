package main

import (
	"strings"

	"quotad/quota"
)

// drawXbar draws a menu in what xbar, Argos and SwiftBar have in common: above
// the first "---" what the bar shows, one account after the other, below it the
// menu. An attribute that one of them does not know would be an error to it.
func drawXbar(g *glance) string {
	var m xbarMenu
	if len(g.briefs) == 0 {
		g.xbarAbsence(&m)
	}
	for _, b := range g.briefs {
		m.add(lengthTerse.titled(b.texts[lengthTerse]), b.level)
	}
	for i := range g.briefs {
		m.rule()
		g.xbarAccount(&m, &g.all.Accounts[i], g.briefs[i].assumed)
	}
	m.rule()
	m.lines = append(m.lines, "Refresh | refresh=true")
	return strings.Join(m.lines, "\n") + "\n"
}

// xbarAbsence says that nobody tells, and what mends it.
func (g *glance) xbarAbsence(m *xbarMenu) {
	m.add(g.absent(), levelAway)
	m.rule()
	for _, text := range g.mends() {
		m.add(text, levelOK)
	}
}

// xbarAccount adds a row for each window of an account, below its plan.
func (g *glance) xbarAccount(m *xbarMenu, st *quota.Status, assumed bool) {
	plan := st.Plan.Name
	if len(g.all.Accounts) > 1 || st.Account != quota.DefaultAccount {
		plan = st.Account + ": " + plan
	}
	if assumed {
		plan += ", assumed: " + setupOf(st.Account)
	}
	m.add(plan, levelOK)
	for i := range st.Windows {
		w := &st.Windows[i]
		m.add(w.Window+": "+join(g.screen.dot(), percentOf(w), usedOf(w, st.Plan.Unit), g.clock.resetOf(w)), windowLevel(w))
		if pace := g.clock.paceOf(w); pace != "" {
			m.add(pace, levelOK)
		}
	}
	for _, w := range st.Warnings {
		m.add("Warning: "+w.Message, levelLow)
	}
}

// windowLevel is how one window stands.
func windowLevel(w *quota.WindowStatus) level {
	switch levelStyle(w) {
	case good:
		return levelOK
	case alarm:
		return levelExhausted
	}
	return levelLow
}

// xbarMenu gathers the lines of a menu.
type xbarMenu struct{ lines []string }

func (m *xbarMenu) rule() { m.lines = append(m.lines, "---") }

// add adds a text. What is well has the menu's own colour; the others are such
// that they can be read on light and on dark.
func (m *xbarMenu) add(text string, l level) {
	line := escapeXbar(text)
	if colour := [...]string{"", "#B58900", "#DC322F", "#888888"}[l]; colour != "" {
		line += " | color=" + colour
	}
	m.lines = append(m.lines, line)
}

// escapeXbar keeps text from being more than text. There is no escape that
// all three know, so that what one of them would read gives way to its like:
// the bar that begins attributes, Argos's markup and escapes, and the dashes
// that begin a submenu.
func escapeXbar(text string) string {
	text = strings.TrimSpace(text)
	text = strings.NewReplacer("|", "¦", `\`, "/", "&", "+", "<", "‹", ">", "›").Replace(text)
	if strings.HasPrefix(text, "-") {
		text = "–" + text[1:]
	}
	return text
}
