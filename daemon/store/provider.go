package store

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// providerKey is what the values of [Tx.PutProvider] are kept under, before the
// account's name.
const providerKey = "provider/"

// Provider is what is known of asking the provider about an account. Nothing in
// it can be turned into the key.
type Provider struct {
	AskedAt time.Time      `json:"asked_at,omitzero"`
	GoodAt  time.Time      `json:"good_at,omitzero"`  // of the last answer with figures; zero: there was none with this key
	Since   time.Time      `json:"since,omitzero"`    // when this key was first used
	Fault   *ProviderFault `json:"fault,omitempty"`   // of the last answer; nil: it had figures
	Fails   int            `json:"fails,omitempty"`   // like this, in a row
	Stopped bool           `json:"stopped,omitempty"` // the key was refused: nobody asks by himself
	Key     string         `json:"key,omitempty"`     // salted hash
	Setup   string         `json:"setup,omitempty"`   // hash of the settings it was asked with
	Source  string         `json:"source,omitempty"`  // where the key came from, in words

	Skew    time.Duration   `json:"skew_ns,omitempty"` // this clock less the provider's, by the last good answer
	Level   string          `json:"level,omitempty"`   // the tier as the provider writes it
	Unknown json.RawMessage `json:"unknown,omitempty"` // rows of a sort that is not known
}

// ProviderFault is an answer without figures.
type ProviderFault struct {
	Kind    string    `json:"kind"` // in words
	Code    int64     `json:"code,omitempty"`
	HTTP    int       `json:"http,omitempty"`
	Message string    `json:"message"`
	Hint    string    `json:"hint,omitempty"`
	At      time.Time `json:"at"`            // of the first one like it in a row
	Raw     []byte    `json:"raw,omitempty"` // the answer's body, cut
}

// PutProvider keeps what is known, in the place of what was known before.
func (t *Tx) PutProvider(account string, p Provider) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return t.PutValue(providerKey+account, body)
}

// Providers is what is known of asking the provider, by account. What another
// version wrote and this one cannot read is left out: the next answer replaces
// it.
func (t *Tx) Providers() (map[string]Provider, error) {
	all := map[string]Provider{}
	prefix := []byte(providerKey)
	err := t.records(tabValues, prefix, prefix, func(key, body []byte) error {
		var p Provider
		if json.Unmarshal(body, &p) == nil {
			all[strings.TrimPrefix(string(key), providerKey)] = p
		}
		return nil
	})
	return all, err
}

// ForgetProviders forgets what is known of all accounts but those named.
func (t *Tx) ForgetProviders(but []string) error {
	all, err := t.Providers()
	for _, account := range slices.Sorted(maps.Keys(all)) {
		if err == nil && !slices.Contains(but, account) {
			err = t.PutValue(providerKey+account, nil)
		}
	}
	return err
}
