package config

import (
	"reflect"
	"strings"
	"testing"

	"quotad/quota"
)

const twoAccounts = "[account.work]\nplan = \"v2/pro\"\n[account.\"a.b\"]\n"

func TestRowsOfWhatBelongsToAnAccount(t *testing.T) {
	s := parse(t, twoAccounts+`[[belongs]]
account = "work"
tool = "codex"
project = "~/src/work"
[[belongs]]
account = "a.b"
host = "127.0.0.1:3456"
key = "3f9a0c12d4e5"
[[belongs]]
account = "default"
project = "acme"
`)
	want := []quota.Belonging{
		{Account: "work", Tool: "codex", Project: "~/src/work"},
		{Account: "a.b", Host: "127.0.0.1:3456", Key: "3f9a0c12d4e5"},
		{Account: "default", Project: "acme"},
	}
	if !reflect.DeepEqual(s.Belongs, want) {
		t.Errorf("got  %+v\nwant %+v", s.Belongs, want)
	}
	roundTrip(t, s)
	if got := s.Assignment("/home/ada").Rows[0].Project; got != "/home/ada/src/work" || s.Belongs[0].Project != "~/src/work" {
		t.Errorf("the folder is %q; kept as %q", got, s.Belongs[0].Project)
	}
	if s.Hash() != parse(t, twoAccounts).Hash() {
		t.Error("rows change what the counters rest on: all would be folded anew")
	}
}

func TestWrongRowsAreToldWithTheirPlace(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef.SecretSecret"
	for _, c := range []struct{ what, row, want string }{
		{"an account that is not configured", "account = \"wrok\"\ntool = \"codex\"", `5:11: belongs.account: "wrok" is not a configured account; did you mean "work"?`},
		{"no account", "tool = \"codex\"", `4:3: belongs.account: missing; expected the name of an account that is configured`},
		{"no condition", "account = \"work\"", `4:3: belongs: no condition, and so all events would fit; expected one of tool, project, host, key`},
		{"an empty condition", "account = \"work\"\ntool = \"\"", `6:8: belongs.tool: empty; expected the name of a tool such as "codex"`},
		{"an unknown condition", "account = \"work\"\ntols = \"codex\"\nkey = \"3f9a0c12d4e5\"", `6:1: belongs.tols: unknown key; did you mean "tool"?`},
		{"a wrong type", "account = \"work\"\ntool = 1", `6:8: belongs.tool: expected a string, not a whole number`},
		{"a relative folder", "account = \"work\"\nproject = \"src/work\"", `6:11: belongs.project: is relative; expected a folder that begins with "/" or "~/"`},
		{"a URL for a host", "account = \"work\"\nhost = \"https://api.z.ai/\"", `6:8: belongs.host: not a host; expected a name such as "open.bigmodel.cn" or "127.0.0.1:3456", without scheme and path`},
		{"a key for its hash", "account = \"work\"\nkey = \"" + key + "\"", `6:7: belongs.key: not the hash of a key`},
	} {
		_, err := Parse("c.toml", []byte(twoAccounts+"[[belongs]]\n"+c.row))
		if err == nil || !strings.HasPrefix(err.Error(), "c.toml:"+c.want) {
			t.Errorf("%s\ngot  %v\nwant %s", c.what, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: the key is shown", c.what)
		}
	}
	if _, err := Parse("c.toml", []byte("[belongs]\naccount = \"default\"")); err == nil || !strings.Contains(err.Error(), "[[belongs]]") {
		t.Errorf("one table in the place of an array: %v", err)
	}
}
