package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon/api"
	"quotad/quota"
)

// need is the room that somebody asks for, of one account.
type need struct {
	account string
	window  string       // "": all windows that stop work
	amount  quota.Amount // 0: any
}

// needFlags adds the flags that check and wait share, and gives what reads them.
func (a *app) needFlags(c *cobra.Command) func() (need, error) {
	var n need
	amount := ""
	c.Flags().StringVar(&amount, "need", "", "room for `N` prompts or credits, as the plan counts (default any)")
	a.windowFlag(c, &n.window, "look at this `window` alone (default all that stop work)")
	a.accountFlag(c, &n.account, "the `account` to look at (default the one this folder belongs to)")
	return func() (need, error) {
		if n.account == "" {
			var err error
			if n.account, err = a.accountHere(); err != nil {
				return n, err
			}
		}
		if !c.Flags().Changed("need") {
			return n, nil
		}
		var err error
		if n.amount, err = quota.ParseAmount(amount); err != nil || n.amount <= 0 {
			return n, usage(c.CommandPath()+" --help", "--need %q is no number above 0", amount)
		}
		return n, nil
	}
}

// verdict says whether there is room, why, and when to ask again.
type verdict struct {
	room  bool
	never bool      // more is needed than fits
	why   string    // one sentence
	again time.Time // when a window that lacks room changes next; zero: not known
}

// ask gets the account's present status.
func (n need) ask(ctx context.Context, client *api.Client) (quota.Statuses, error) {
	all, err := client.Status(ctx, n.account)
	if err != nil {
		return all, accountError(err)
	}
	if len(all.Accounts) != 1 {
		return all, fmt.Errorf("the daemon told of %d accounts where one was asked for", len(all.Accounts))
	}
	return cleanStatuses(all), nil
}

// judge holds the need against a status.
func (n need) judge(st *quota.Status, c clock) (verdict, error) {
	looked, err := n.windows(st)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{room: true}
	var has, lacks []string
	for _, w := range looked {
		if n.fits(w) {
			has = append(has, w.Window+" has "+leftOf(w, st.Plan.Unit))
			continue
		}
		v.room = false
		v.never = v.never || n.amount > w.Cap
		if w.ResetsAt != nil && (v.again.IsZero() || w.ResetsAt.Before(v.again)) {
			v.again = *w.ResetsAt
		}
		lacks = append(lacks, n.lack(w, st.Plan.Unit, c))
	}
	switch {
	case v.room:
		v.why = "Room: " + strings.Join(has, "; ")
	case v.never || n.amount > 0 || n.window != "":
		v.why = "No room: " + strings.Join(lacks, "; ")
	default:
		v.why = c.noRoom(st)
	}
	if st.Account != quota.DefaultAccount {
		v.why = "Account " + st.Account + ": " + strings.ToLower(v.why[:1]) + v.why[1:]
	}
	return v, nil
}

// windows are those that the need is held against.
func (n need) windows(st *quota.Status) ([]*quota.WindowStatus, error) {
	var found []*quota.WindowStatus
	var names []string
	for i := range st.Windows {
		w := &st.Windows[i]
		names = append(names, w.Window)
		if w.Window == n.window || n.window == "" && w.Counts != quota.CountTools {
			found = append(found, w)
		}
	}
	if len(found) == 0 && n.window != "" {
		return nil, usage("quotad status", "--window %q is not a window of %s, which has %s", n.window, st.Plan.ID, strings.Join(names, ", "))
	}
	return found, nil
}

func (n need) fits(w *quota.WindowStatus) bool {
	return w.State != quota.PhaseExhausted && w.Remaining >= n.amount
}

// lack says what a window lacks.
func (n need) lack(w *quota.WindowStatus, unit quota.Unit, c clock) string {
	switch {
	case n.amount > w.Cap:
		return fmt.Sprintf("%s needed, and %s holds %s %s", n.amount, w.Window, figure(w.Cap), unitOf(w, unit))
	case w.State == quota.PhaseExhausted:
		return join(", ", w.Window+" is exhausted", c.resetOf(w))
	}
	return join(", ", fmt.Sprintf("%s needed, and %s has %s", n.amount, w.Window, leftOf(w, unit)), c.resetOf(w))
}
