package quota

import "slices"

// CheckWindows tells which window an event speaks of that neither the
// account's plan has nor any built-in one: it would change nothing, silently.
func (a *Account) CheckWindows(e Event) *Error {
	switch e.Kind {
	case KindExhausted:
		if !a.knows(e.Window) && e.Window != WindowWeekOrMonth {
			return bad("window", "%q is not known; %s has %s", clip(e.Window), a.Plan.ID, a.Plan.names())
		}
	case KindReading:
		for _, r := range e.Readings {
			if !a.knows(r.Window) {
				return bad("readings", "window %q is not known; %s has %s", clip(r.Window), a.Plan.ID, a.Plan.names())
			}
		}
	}
	return nil
}

func (a *Account) knows(window string) bool {
	_, has := a.Plan.Window(window)
	return has || slices.Contains([]string{WindowFive, WindowWeek, WindowMonth}, window)
}

// names lists the windows for a sentence: "5h, week, month".
func (p *Plan) names() string {
	list := ""
	for i := range p.Windows {
		if i > 0 {
			list += ", "
		}
		list += p.Windows[i].Name
	}
	return list
}
