package config

import "quotad/quota"

// fee reads one [[plan.fee]].
func (t *table) fee() quota.Fee {
	f := quota.Fee{
		Cycle: quota.Cycle(t.get("cycle").choice(string(quota.CycleMonth), cycles(quota.Cycles())...)),
		USD:   t.need("usd", "the US$ that one cycle costs").amount(0, 0, maxPrice),
		Valid: t.span(), Source: source,
	}
	t.close()
	return f
}

func cycles(list []quota.Cycle) []string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c)
	}
	return names
}

// term reads when the subscription of an account is renewed, or ends, and what
// for it is paid.
func (t *table) term(a *quota.Account) {
	a.Renews = t.get("renews").instant()
	ends := t.get("ends")
	if a.Ends = ends.instant(); !a.Ends.IsZero() && !a.Renews.IsZero() {
		ends.bad("renews is set too; expected one of the two: a subscription that ends is not renewed")
	}
	a.Cycle = quota.Cycle(t.get("cycle").choice("",
		string(quota.CycleMonth), string(quota.CycleQuarter), string(quota.CycleYear)))
}

// term writes what term reads.
func (w *writer) term(a quota.Account) {
	w.date("renews", a.Renews)
	w.date("ends", a.Ends)
	if a.Cycle != "" {
		w.put("cycle", string(a.Cycle))
	}
}
