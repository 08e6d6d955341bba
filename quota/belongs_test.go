package quota

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhichAccountAnEventBelongsTo(t *testing.T) {
	rules := Assignment{
		Rows: []Belonging{
			{Account: "both", Tool: "codex", Project: "/home/u/both"},
			{Account: "tool", Tool: "codex"},
			{Account: "folder", Project: "/home/u/src/work/"},
			{Account: "site", Host: "Open.BigModel.cn"},
			{Account: "port", Host: "127.0.0.1:3456"},
			{Account: "key", Key: "3f9a0c12d4e5"},
			{Account: "named", Project: "acme"},
		},
		Keys: map[string]string{"0123456789ab": "own"},
	}
	for _, c := range []struct {
		what  string
		event Event
		want  string
		why   Grounds
	}{
		{"an event of which nothing fits", Event{Tool: "claude-code", Project: "/home/u/src/else"}, "default", ByDefault},
		{"an event that tells nothing", Event{}, "default", ByDefault},
		{"one that names an account keeps it", Event{Account: "mine", Tool: "codex", Key: "0123456789ab"}, "mine", ByName},
		{"the first row that fits decides", Event{Tool: "codex", Project: "/home/u/both/x"}, "both", ByTool | ByProject},
		{"all conditions have to fit", Event{Tool: "codex", Project: "/home/u/other"}, "tool", ByTool},
		{"the other condition alone is not enough", Event{Tool: "goose", Project: "/home/u/both"}, "default", ByDefault},
		{"a tool's name is whole", Event{Tool: "codex-notify"}, "default", ByDefault},
		{"the folder itself", Event{Project: "/home/u/src/work"}, "folder", ByProject},
		{"a folder below it", Event{Project: "/home/u/src/work/a/b"}, "folder", ByProject},
		{"the folder with a slash at its end", Event{Project: "/home/u/src/work/"}, "folder", ByProject},
		{"a neighbour whose name begins alike", Event{Project: "/home/u/src/workshop"}, "default", ByDefault},
		{"the folder above it", Event{Project: "/home/u/src"}, "default", ByDefault},
		{"a way out of the folder", Event{Project: "/home/u/src/work/../home"}, "default", ByDefault},
		{"a project that is a name", Event{Project: "acme"}, "named", ByProject},
		{"a host knows no case", Event{Endpoint: "https://open.bigmodel.CN/api/anthropic"}, "site", ByHost},
		{"any port of a host", Event{Endpoint: "http://open.bigmodel.cn:8080/x"}, "site", ByHost},
		{"a host below it is another", Event{Endpoint: "https://x.open.bigmodel.cn"}, "default", ByDefault},
		{"the port that is named", Event{Endpoint: "http://127.0.0.1:3456/v1"}, "port", ByHost},
		{"another port", Event{Endpoint: "http://127.0.0.1:3457/v1"}, "default", ByDefault},
		{"an endpoint that cannot be read", Event{Endpoint: "https://u:p@open.bigmodel.cn"}, "default", ByDefault},
		{"the hash of a key", Event{Key: "3f9a0c12d4e5"}, "key", ByKey},
		{"a key of an account's own comes before all rows", Event{Key: "0123456789ab", Tool: "codex"}, "own", ByOwnKey},
		{"another key", Event{Key: "aaaaaaaaaaaa"}, "default", ByDefault},
	} {
		if got, why := rules.Of(c.event); got != c.want || why != c.why {
			t.Errorf("%s: %s by %v, want %s by %v", c.what, got, why, c.want, c.why)
		}
	}
}

func TestARowOfTheRootFitsEveryFolder(t *testing.T) {
	rules := Assignment{Rows: []Belonging{{Account: "a", Project: "/"}}}
	for project, want := range map[string]string{"/": "a", "/x/y": "a", "x": "default", "": "default"} {
		if got, _ := rules.Of(Event{Project: project}); got != want {
			t.Errorf("%q: %s, want %s", project, got, want)
		}
	}
}

func TestGroundsInWords(t *testing.T) {
	for g, want := range map[Grounds]string{ByDefault: "default", ByTool: "tool", ByTool | ByProject | ByKey: "tool and project and key", ByID: "id", ByOwnKey: "own key"} {
		if got := g.String(); got != want {
			t.Errorf("%d: %q, want %q", g, got, want)
		}
	}
}

func TestAKeyOfTwoAccountsTellsNothing(t *testing.T) {
	got := OwnKeys(map[string]string{"a": "1", "b": "2", "c": "2", "d": "2", "e": ""})
	if len(got) != 1 || got["1"] != "a" {
		t.Errorf("%v", got)
	}
}

// The same event belongs to the same account whatever else it says and whenever
// it is asked; the rows after the first that fits do not matter.
func TestAssignmentIsAFunctionOfEventAndRules(t *testing.T) {
	word := rapid.SampledFrom([]string{"", "a", "b"})
	folder := rapid.SampledFrom([]string{"", "/p", "/p/q", "/p/q/r", "/pq"})
	url := rapid.SampledFrom([]string{"", "https://h/x", "https://i", "no url"})
	host := rapid.SampledFrom([]string{"", "h", "i:443", "i:80"})
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.Custom(func(t *rapid.T) Belonging {
			return Belonging{
				Account: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "account"), Tool: word.Draw(t, "tool"),
				Project: folder.Draw(t, "project"), Host: host.Draw(t, "host"), Key: word.Draw(t, "key"),
			}
		})
		rules := Assignment{Rows: rapid.SliceOfN(row, 0, 6).Draw(t, "rows")}
		e := Event{Tool: word.Draw(t, "tool"), Project: folder.Draw(t, "project"), Endpoint: url.Draw(t, "endpoint"), Key: word.Draw(t, "key")}
		account, why := rules.Of(e)

		other := e
		other.ID, other.At, other.Model, other.Session, other.Turn, other.Kind = "id", time.Now(), "m", "s", "t", KindUsage
		if again, _ := rules.Of(other); again != account {
			t.Fatalf("%s, and with another time and turn %s", account, again)
		}
		first := slices.IndexFunc(rules.Rows, func(b Belonging) bool { return b.fits(e) != ByDefault })
		switch {
		case first < 0 && (account != DefaultAccount || why != ByDefault):
			t.Fatalf("no row fits, and it is %s by %v", account, why)
		case first >= 0 && (account != rules.Rows[first].Account || why != rules.Rows[first].Grounds()):
			t.Fatalf("row %d fits first, and it is %s by %v", first, account, why)
		case first >= 0:
			rules.Rows = rules.Rows[:first+1]
			if again, _ := rules.Of(e); again != account {
				t.Fatalf("rows after the first that fits matter: %s, then %s", account, again)
			}
		}
	})
}
