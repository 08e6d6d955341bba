package daemon

import (
	"maps"

	"quotad/config"
	"quotad/daemon/store"
)

// provided is what is known of asking the provider, by account. It is never
// changed, so that snapshots share it; nil where nothing was ever asked.
type provided map[string]store.Provider

// loadProvided takes up what is known of the accounts that are asked about. Of
// the others nothing is kept: who enables the reading again begins anew.
func (w *work) loadProvided(s *config.Settings) error {
	if err := w.tx.ForgetProviders(enabled(s)); err != nil {
		return err
	}
	all, err := w.tx.Providers()
	w.provided = all
	return err
}

// enabled are the accounts whose reading is enabled, in the order of the
// configuration.
func enabled(s *config.Settings) (names []string) {
	for _, a := range s.Accounts {
		if s.Providers[a.Name].Enabled {
			names = append(names, a.Name)
		}
	}
	return names
}

// provide keeps what became of asking about an account.
func (w *work) provide(account string, p store.Provider) error {
	known := w.provided
	if known == nil {
		known = w.e.provided
	}
	known = maps.Clone(known)
	if known == nil {
		known = provided{}
	}
	known[account] = p
	w.provided = known
	return w.tx.PutProvider(account, p)
}
