package quota

import "slices"

// held is what a rolling window holds, by instant, oldest first.
func (s *Standing) held() []spent {
	if len(s.Adjusts) == 0 {
		return s.recent
	}
	all := slices.Concat(s.recent, s.Adjusts)
	sortSpent(all)
	list := all[:0]
	for _, x := range all {
		if n := len(list); n > 0 && list[n-1].At.Equal(x.At) {
			list[n-1].Amount = list[n-1].Amount.Plus(x.Amount)
		} else {
			list = append(list, x)
		}
	}
	return list
}

// takeOff lowers what a rolling window holds by n, the oldest first. Each
// correction is of the instant of what it corrects, and goes with it.
func (s *Standing) takeOff(n Amount) {
	list := slices.Clone(s.Adjusts)
	for _, x := range s.held() {
		if off := min(n, x.Amount); off > 0 {
			list = append(list, spent{x.At, -off})
			n -= off
		}
	}
	sortSpent(list)
	s.Adjusts = list
}

func sortSpent(list []spent) {
	slices.SortStableFunc(list, func(a, b spent) int { return a.At.Compare(b.At) })
}
