package daemon

import (
	"encoding/json"
	"time"

	"quotad/daemon/store"
)

// AboutProvider is what is known of asking the provider about an account, for
// those who look for a fault. Nothing in it can be turned into the key.
type AboutProvider struct {
	Account string          `json:"account"`
	Source  string          `json:"source,omitempty"` // where the key comes from, in words
	Key     string          `json:"key,omitempty"`    // a salted hash, to tell keys apart
	AskedAt *time.Time      `json:"asked_at"`
	GoodAt  *time.Time      `json:"good_at"`
	Stopped bool            `json:"stopped,omitempty"` // the key was refused: nothing is asked until it is replaced
	Fault   *AboutFault     `json:"fault,omitempty"`   // of the last answer
	Fails   int             `json:"fails,omitempty"`   // like this, in a row
	Skew    float64         `json:"clock_ahead_seconds"`
	Level   string          `json:"level,omitempty"`   // the tier as the provider writes it
	Plan    string          `json:"plan,omitempty"`    // that it told
	Unknown json.RawMessage `json:"unknown,omitempty"` // rows of a sort that is not known
}

// AboutFault is an answer without figures.
type AboutFault struct {
	SyncFault
	Since time.Time `json:"since"`         // the first one like it in a row
	Raw   string    `json:"raw,omitempty"` // the answer's body, cut
}

// aboutProvider lists the accounts whose reading is enabled.
func (s *Snapshot) aboutProvider() []AboutProvider {
	list := []AboutProvider{}
	for _, name := range enabled(s.Settings) {
		k := s.provided[name]
		a := AboutProvider{
			Account: name, Source: k.Source, Key: k.Key, AskedAt: set(k.AskedAt), GoodAt: set(k.GoodAt), Stopped: k.Stopped,
			Fault: aboutFault(k.Fault), Fails: k.Fails, Skew: k.Skew.Seconds(), Level: k.Level, Unknown: k.Unknown,
		}
		if p, ok := s.part(name); ok {
			a.Plan = p.state.Told.ID
		}
		list = append(list, a)
	}
	return list
}

func aboutFault(f *store.ProviderFault) *AboutFault {
	if f == nil {
		return nil
	}
	return &AboutFault{SyncFault{f.Kind, f.Code, f.HTTP, f.Message, f.Hint}, f.At, string(f.Raw)}
}
