package quota

import (
	"cmp"
	"net/url"
	"path"
	"strings"
)

// Belonging says which events belong to an account: those that all of its
// conditions fit. An empty condition fits any event.
type Belonging struct {
	Account string
	Tool    string // Event.Tool
	Project string // Event.Project, and whatever lies below it
	Host    string // of Event.Endpoint, without case; with ":port" of that port alone
	Key     string // Event.Key
}

// Grounds say why an event belongs to its account. Those of a Belonging may
// come together.
type Grounds uint

// The grounds.
const (
	ByTool    Grounds = 1 << iota // a Belonging fits its tool
	ByProject                     // its project
	ByHost                        // the host of its endpoint
	ByKey                         // the hash of its key
	ByOwnKey                      // it used the key that the account itself is configured with
	ByName                        // it names the account
	ByTurn                        // the prompt of its turn belongs there
	BySession                     // the prompts of its session do
	ByID                          // the event that it takes out does
	ByDefault Grounds = 0         // nothing says otherwise
)

// String lists the grounds: "tool and project".
func (g Grounds) String() string {
	if g == ByDefault {
		return "default"
	}
	var names []string
	for i, name := range [...]string{"tool", "project", "host", "key", "own key", "name", "turn", "session", "id"} {
		if g&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

// Assignment says to which account an event belongs that names none. It is a
// function of the event and itself alone. Its zero value leaves all of them to
// the default account.
type Assignment struct {
	Rows []Belonging       // the first that fits decides
	Keys map[string]string // account by the hash of a key of its own; decides before Rows
}

// Of is the account that an event belongs to, and why.
func (a Assignment) Of(e Event) (account string, why Grounds) {
	if e.Account != "" {
		return e.Account, ByName
	}
	if own := a.Keys[e.Key]; own != "" && e.Key != "" {
		return own, ByOwnKey
	}
	for _, row := range a.Rows {
		if why := row.fits(e); why != ByDefault {
			return row.Account, why
		}
	}
	return DefaultAccount, ByDefault
}

// OwnKeys are the Keys of an Assignment, made of the hash that each account's
// own key has. A key of two accounts tells nothing, and is left out.
func OwnKeys(hashes map[string]string) map[string]string {
	accounts := make(map[string]string, len(hashes))
	for account, hash := range hashes {
		if _, twice := accounts[hash]; twice {
			account = ""
		}
		accounts[hash] = account
	}
	for hash, account := range accounts {
		if hash == "" || account == "" {
			delete(accounts, hash)
		}
	}
	return accounts
}

// Grounds are the conditions that there are.
func (b Belonging) Grounds() (g Grounds) {
	for _, c := range []struct {
		text string
		why  Grounds
	}{{b.Tool, ByTool}, {b.Project, ByProject}, {b.Host, ByHost}, {b.Key, ByKey}} {
		if c.text != "" {
			g |= c.why
		}
	}
	return g
}

// fits gives the conditions where all of them fit the event.
func (b Belonging) fits(e Event) Grounds {
	if b.Tool != "" && b.Tool != e.Tool || b.Key != "" && b.Key != e.Key {
		return ByDefault
	}
	if b.Project != "" && !within(e.Project, b.Project) || b.Host != "" && !hosts(b.Host, e.Endpoint) {
		return ByDefault
	}
	return b.Grounds()
}

// within reports whether a project is a folder, or lies below it.
func within(project, folder string) bool {
	if project == "" {
		return false
	}
	project, folder = path.Clean(project), path.Clean(folder)
	rest, ok := strings.CutPrefix(project, folder)
	return ok && (rest == "" || rest[0] == '/' || folder == "/")
}

// hosts reports whether an endpoint is on a host.
func hosts(host, endpoint string) bool {
	to, ok := parseAddress(endpoint)
	u, err := url.Parse("//" + host)
	if !ok || err != nil {
		return false
	}
	return strings.EqualFold(u.Hostname(), to.host) && cmp.Or(u.Port(), to.port) == to.port
}

// IsKeyHash reports whether a text has the form of what [KeyHash] gives.
func IsKeyHash(s string) bool {
	return len(s) == keyHashLen && strings.Trim(s, "0123456789abcdef") == ""
}
