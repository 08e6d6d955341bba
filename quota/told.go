package quota

import (
	"cmp"
	"time"
)

// PlanTold is what the provider told of a subscription beside its figures. What
// it did not tell is empty.
type PlanTold struct {
	ID         string    `json:"id,omitempty"`        // of a plan: "v3/max"
	Subscribed time.Time `json:"subscribed,omitzero"` // the purchase, from which week and month step
	Renews     time.Time `json:"renews,omitzero"`     // start of the day of the next renewal
	Ends       time.Time `json:"ends,omitzero"`       // of a subscription that is not renewed
}

// IsZero reports whether nothing was told.
func (p PlanTold) IsZero() bool { return p == PlanTold{} }

// with is what is known once more was told. A subscription is renewed or ends:
// who tells the one takes the other back.
func (p PlanTold) with(more PlanTold) PlanTold {
	if !more.Renews.IsZero() || !more.Ends.IsZero() {
		p.Renews, p.Ends = more.Renews, more.Ends
	}
	p.ID = cmp.Or(more.ID, p.ID)
	if !more.Subscribed.IsZero() {
		p.Subscribed = more.Subscribed
	}
	return p
}
