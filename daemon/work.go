package daemon

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"quotad/config"
	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/notify"
	"quotad/quota"
)

// maxAccounts bounds what a confused sender can make the engine hold.
const maxAccounts = 64

// toldFor is how long after its window a notice is kept in mind.
const toldFor = 40 * 24 * time.Hour

// work is one transaction's view of the state: copies of what it touches,
// which become the present state when the transaction is durable, and are
// dropped when it fails. It has one instant, taken at its start.
type work struct {
	e        *Engine
	tx       *store.Tx
	now      time.Time
	accounts map[string]*account
	notices  []quota.Notice // made due, in order
	prompts  []quota.Event  // recorded ones that name a transcript
	sessions map[sessionOf]string
	from     *quota.Assignment // made when it is first asked for
	settings *config.Settings  // new ones; nil: unchanged
	fresh    bool              // accounts holds all there are
	provided provided          // what is known of asking the provider; nil: unchanged

	events, duplicates, rejected, refolds uint64
}

func (e *Engine) begin() *work {
	return &work{e: e, now: quota.Milli(e.now()), accounts: map[string]*account{}}
}

// rules are the settings that hold in this transaction.
func (w *work) rules() *config.Settings {
	if w.settings != nil {
		return w.settings
	}
	return w.e.settings
}

// account is the transaction's copy of an account, made anew where there was
// none.
func (w *work) account(name string) (*account, error) {
	if a, ok := w.accounts[name]; ok {
		return a, nil
	}
	if a, ok := w.e.accounts[name]; ok && !w.fresh {
		w.accounts[name] = a.clone()
		return w.accounts[name], nil
	}
	return w.open(name)
}

// known is how many accounts there are, new ones of this transaction included.
func (w *work) known() int {
	n := len(w.e.accounts)
	for name := range w.accounts {
		if _, there := w.e.accounts[name]; !there {
			n++
		}
	}
	return n
}

func (w *work) knows(name string) bool {
	_, mine := w.accounts[name]
	_, there := w.e.accounts[name]
	return mine || there
}

// open takes an account up from the store.
func (w *work) open(name string) (*account, error) {
	told, err := toldOf(w.tx, name)
	if err != nil {
		return nil, err
	}
	ledger, resumed, err := ledgerOf(w.tx, meterOf(w.rules(), name, told))
	if err == nil && resumed {
		err = w.tx.PutState(name, ledger.State.Encode())
	}
	if err != nil {
		return nil, err
	}
	a := &account{ledger: ledger, pulse: w.pulse(name)}
	w.accounts[name] = a
	return a, w.remember(a)
}

// ledgerOf takes up an account as it was kept; resumed: its newest events were
// not in it yet.
func ledgerOf(tx *store.Tx, m *quota.Meter) (l *quota.Ledger, resumed bool, err error) {
	if resumed, err = tx.Behind(m.Account.Name); err != nil {
		return nil, false, err
	}
	if resumed {
		l, err = quota.Resume(m, tx)
		return l, true, err
	}
	kept, _, err := tx.State(m.Account.Name)
	if err != nil {
		return nil, false, err
	}
	l, err = quota.Open(m, tx, kept)
	return l, false, err
}

// remember reads what holds of an account, and what was told.
func (w *work) remember(a *account) error {
	if err := a.look(w.tx, w.now); err != nil {
		return err
	}
	return a.remember(w.tx, w.now)
}

// load takes up all accounts. Where the settings that the counters rest on
// have changed, they are folded anew.
func (w *work) load(s *config.Settings) error {
	if err := w.settle(); err != nil { // what came before in the same transaction
		return err
	}
	w.settings, w.fresh, w.from = s, true, nil
	if err := w.loadProvided(s); err != nil {
		return err
	}
	names, err := w.tx.Accounts()
	if err != nil {
		return err
	}
	for _, a := range s.Accounts {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	kept, err := w.tx.SettingsHash()
	if err != nil {
		return err
	}
	rests := foundation(s)
	for _, name := range slices.Compact(names) {
		if err := w.take(name, kept == rests); err != nil {
			return fmt.Errorf("account %s: %w", name, err)
		}
	}
	if kept == rests {
		return nil
	}
	return w.tx.PutSettingsHash(rests)
}

// foundation names what counters rest on beside the events: the settings, and
// the way of folding.
func foundation(s *config.Settings) string {
	return fmt.Sprintf("%d:%s", quota.FoldVersion, s.Hash())
}

// take takes up one account, folding it anew where its counters do not hold.
func (w *work) take(name string, holds bool) error {
	if holds {
		_, err := w.open(name)
		return err
	}
	first, err := w.anchorBefore(name)
	if err != nil {
		return err
	}
	ledger := &quota.Ledger{Meter: meterOf(w.settings, name, w.toldBefore(name))}
	if err := ledger.Rebuild(w.tx, first); err != nil {
		return err
	}
	a := &account{ledger: ledger, pulse: w.pulse(name)}
	w.accounts[name] = a
	if err := w.heed(a); err != nil {
		return err
	}
	if err := w.tx.PutState(name, ledger.State.Encode()); err != nil {
		return err
	}
	return w.remember(a)
}

// anchorBefore is the anchor of events that retention has forgotten.
func (w *work) anchorBefore(name string) (time.Time, error) {
	pruned, err := w.tx.Pruned(name)
	if err != nil || pruned.IsZero() {
		return time.Time{}, err
	}
	kept, ok, err := w.tx.State(name)
	if err != nil || !ok {
		return time.Time{}, err
	}
	state, err := quota.DecodeState(kept)
	return state.First, err
}

// record takes one event in, which belongs to an account from then on. A
// rejected one is no error of the transaction.
func (w *work) record(e quota.Event) (api.Result, error) { return w.recordOf(e, "") }

// recordOf is record for an event of a session whose account is known, or "".
func (w *work) recordOf(e quota.Event, session string) (api.Result, error) {
	e, why, err := w.assigned(e, session)
	if err != nil {
		return api.Result{}, err
	}
	complaint, err := w.check(e)
	if err != nil {
		return api.Result{}, err
	}
	if complaint != nil {
		w.rejected++
		return api.Result{ID: e.ID, Status: quota.Rejected, Error: api.FromQuota(complaint)}, nil
	}
	known := w.knows(e.Account)
	a, err := w.account(e.Account)
	if err != nil {
		return api.Result{}, err
	}
	p, err := w.tx.Put(e)
	if err != nil {
		return api.Result{}, err
	}
	by := why.String()
	if p.Outcome != quota.Recorded {
		w.duplicates++
		if !known { // of two with one id the first stands: what it names, no event has
			delete(w.accounts, e.Account)
		}
		first, _, _, err := w.tx.Lookup(e.ID)
		if err != nil {
			return api.Result{}, err
		}
		e.Account, by = first.Account, ""
	} else {
		w.events++
		w.recall(e)
		if follows(e) {
			w.prompts = append(w.prompts, e)
		}
		if err := w.fold(a, p); err != nil {
			return api.Result{}, err
		}
		a.pulse.note(e, w.rules())
	}
	apart := w.rules().Rules.Bill(e) != quota.OnPlan
	return api.Result{ID: e.ID, Status: p.Outcome, Seq: p.Seq, Apart: apart, Account: e.Account, By: by}, nil
}

// check tells what speaks against an event at this instant.
func (w *work) check(e quota.Event) (complaint *quota.Error, err error) {
	account := w.rules().Account(e.Account)
	if complaint := account.CheckWindows(e); complaint != nil {
		return complaint, nil
	}
	if complaint := e.CheckTime(w.now, w.rules().Store.Retention); complaint != nil {
		return complaint, nil
	}
	if !w.knows(e.Account) && w.known() >= maxAccounts {
		return &quota.Error{Field: "account", Message: fmt.Sprintf("%q is new, and %d accounts is the most that are kept", e.Account, maxAccounts)}, nil
	}
	// The clock may have been set back since: what was forgotten was folded in.
	pruned, err := w.tx.Pruned(e.Account)
	if err == nil && e.At.Before(pruned) {
		complaint = &quota.Error{Field: "at", Message: "older than what is kept: events before " + pruned.Format(time.RFC3339) + " were forgotten"}
	}
	return complaint, err
}

// fold counts an entry, and tells what it made due: each event is a step of
// its own, so that two in one request are told as if they had come apart.
func (w *work) fold(a *account, p quota.Placed) error {
	rules := w.rules().Notices
	before := a.ledger.State.Step(a.ledger.Meter, rules)
	fit, err := a.ledger.Take(w.tx, p)
	if err == nil && p.Entry.Kind == quota.KindReading {
		err = w.heed(a)
	}
	if err != nil || fit == quota.TooLate || before == a.ledger.State.Step(a.ledger.Meter, rules) {
		return err
	}
	return w.tell(a)
}

// tell makes what is due of an account a pending notice.
func (w *work) tell(a *account) error {
	if err := a.look(w.tx, w.now); err != nil {
		return err
	}
	st, due := a.due(w.rules().Notices, w.now)
	st.Several = w.known() > 1
	for _, d := range due {
		n := w.worded(d.Notice, &st)
		if err := w.post(store.NoticeRecord{Key: n.Account + "/" + d.Told().Key(), Notice: n, Opened: d.Opened}); err != nil {
			return err
		}
		a.told = append(a.recent(w.now), d.Told())
	}
	return nil
}

// post makes a notice pending, unless it was told before: what was told long ago
// is not kept in mind, and a clock that is years ahead makes all that.
func (w *work) post(r store.NoticeRecord) error {
	if told, err := w.tx.HasNotice(r.Key); err != nil || told {
		return err
	}
	r.Delivered, r.UpdatedAt = string(notify.StatePending), w.now
	_, err := w.tx.PutNotice(r)
	w.notices = append(w.notices, r.Notice)
	return err
}

// settle folds late events in and keeps the counters of all that was touched.
func (w *work) settle() error {
	for _, name := range slices.Sorted(maps.Keys(w.accounts)) {
		a := w.accounts[name]
		refolded, err := a.ledger.Settle(w.tx)
		if err != nil {
			return err
		}
		if refolded {
			w.refolds++
		}
		if err := w.heed(a); err != nil {
			return err
		}
		if err := w.tell(a); err != nil {
			return err
		}
		if err := w.tx.PutState(name, a.ledger.State.Encode()); err != nil {
			return err
		}
	}
	return nil
}

// look touches every account, so that settle tells what the passing of time
// has made due.
func (w *work) look() error {
	for _, name := range slices.Sorted(maps.Keys(w.e.accounts)) {
		if _, err := w.account(name); err != nil {
			return err
		}
	}
	return nil
}
