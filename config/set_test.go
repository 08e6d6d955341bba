package config

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

func TestSet(t *testing.T) {
	for _, c := range []struct{ title, text, key, value, want string }{
		{"an empty file gets table and key", "", "account.default.plan", "v2/pro",
			"[account.default]\nplan = \"v2/pro\"\n"},
		{"a value is replaced, its comment stays", "[log] # a\nlevel  =  \"info\"  # b\n", "log.level", "debug",
			"[log] # a\nlevel  =  \"debug\"  # b\n"},
		{"an array over lines is replaced", "[notify]\nthresholds = [ # x\n 1,\n 2 ] # y\nrefresh = true", "notify.thresholds", "[3]",
			"[notify]\nthresholds = [3] # y\nrefresh = true"},
		{"a key is added after the last of its table, indented alike", "[notify]\n\trefresh = true # a\n\n# b\n[log]\n", "notify.desktop", "false",
			"[notify]\n\trefresh = true # a\n\tdesktop = false\n\n# b\n[log]\n"},
		{"or under its header", "[log]\n[notify] # a\n[store]\n", "notify.desktop", "false",
			"[log]\n[notify] # a\ndesktop = false\n[store]\n"},
		{"or with a header at the end", "[log]\nlevel = \"info\"", "notify.desktop", "false",
			"[log]\nlevel = \"info\"\n\n[notify]\ndesktop = false\n"},
		{"dotted keys stay dotted", "account.default.plan = \"v2/pro\"\n[log]\n", "account.default.model", "glm-4.7",
			"account.default.plan = \"v2/pro\"\naccount.default.model = \"glm-4.7\"\n[log]\n"},
		{"a value in an inline table", "log = { level = \"info\" } # a\n", "log.level", "debug",
			"log = { level = \"debug\" } # a\n"},
		{"a key into an inline table", "notify = { refresh = true } # a\n", "notify.desktop", "false",
			"notify = { refresh = true, desktop = false } # a\n"},
		{"a key into an empty inline table", "notify = {}\n", "notify.desktop", "false",
			"notify = { desktop = false }\n"},
		{"a subtable of a table with a header", "[account.default]\nmodel = \"m\"\n", "account.default.provider.enabled", "true",
			"[account.default]\nmodel = \"m\"\n\n[account.default.provider]\nenabled = true\n"},
		{"a quoted name", "", `tool."my tool".plan`, "true", "[tool.\"my tool\"]\nplan = true\n"},
		{"CRLF stays CRLF", "[log]\r\nlevel = \"info\"\r\n", "notify.desktop", "false",
			"[log]\r\nlevel = \"info\"\r\n\r\n[notify]\r\ndesktop = false\r\n"},
		{"what is TOML of another type is taken as a string", "", "account.default.model", "5",
			"[account.default]\nmodel = \"5\"\n"},
		{"quotes are TOML's", "", "log.level", `'warn'`, "[log]\nlevel = 'warn'\n"},
		{"a date is one", "", "account.default.subscribed", "2026-03-04 16:55:13", "[account.default]\nsubscribed = 2026-03-04 16:55:13\n"},
		{"a comment is not part of a value", "", "notify.refresh", "false # x", "[notify]\nrefresh = false\n"},
		{"a text with quotes", "", "account.default.model", `a"b`, "[account.default]\nmodel = 'a\"b'\n"},
		{"a file that is wrong is mended", "[log]\nlevel = \"loud\"\n", "log.level", "info", "[log]\nlevel = \"info\"\n"},
	} {
		t.Run(c.title, func(t *testing.T) {
			got, err := Set("config.toml", []byte(c.text), c.key, c.value)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	for _, c := range []struct{ title, text, key, value, want string }{
		{"an unknown key", "", "notify.treshold", "5", `notify.treshold: unknown key; did you mean "thresholds"?`},
		{"a value out of range", "", "notify.thresholds", "[175]", "notify.thresholds: 175 is out of range: 1 to 100"},
		{"a value of the wrong type", "", "notify.refresh", "yes", "notify.refresh: expected true or false, not a string"},
		{"a value that brings more with it", "", "log.level", "\"info\"\n[notify]\nrefresh = false", "log.level: "},
		{"a whole table", "[log]\nlevel=\"info\"", "log", "{}", "log is a table"},
		{"a list of tables", "[[plan]]\n", "plan.id", "x", "plan is a list"},
		{"a key below a value", "[log]\nlevel=\"info\"", "log.level.x", "1", "there is no table where this key belongs"},
		{"a key that is none", "", "a b", "1", `"a b" is not a key`},
		{"a key with a value in it", "", "log.level = 1 #", "1", `"log.level = 1 #" is not a key; `},
		{"a layout that has no place for it", "[account]\ndefault.provider.enabled = false\n", "account.default.plan", "v2/pro", "edit it in the file"},
		{"a file that is no TOML", "x", "log.level", "info", "config.toml:1:1: not valid TOML"},
		{"a file that is wrong elsewhere", "[log]\nlevel = \"loud\"\n", "notify.refresh", "true", "config.toml:2:9: log.level: "},
	} {
		t.Run(c.title, func(t *testing.T) {
			got, err := Set("config.toml", []byte(c.text), c.key, c.value)
			if err == nil {
				t.Fatalf("no complaint; got\n%s", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// Whatever the layout, setting a key changes that key and nothing else.
func TestSetChangesOneThing(t *testing.T) {
	full, err := os.ReadFile("testdata/full.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(full), "", "notify.refresh = true", "notify = { refresh = true }\n[log]"} {
		for key, value := range map[string]string{
			"account.default.plan": "v3/max", "account.other.model": "m", "account.default.provider.site": "bigmodel.cn",
			"notify.forecast": "false", "log.level": "warn", "tool.cline.plan": "false", "tool.other.plan": "true",
		} {
			out, err := Set("config.toml", []byte(text), key, value)
			if err != nil {
				t.Fatalf("%s in\n%s\n%v", key, text, err)
			}
			want := decode(t, []byte(text))
			assign(want, strings.Split(key, "."), value)
			if got := decode(t, out); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got\n%v\nwant\n%v", key, got, want)
			}
			if again, err := Set("config.toml", out, key, value); err != nil || string(again) != string(out) {
				t.Errorf("%s: setting it again changed the text: %v\n%s", key, err, again)
			}
		}
	}
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := toml.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func assign(m map[string]any, path []string, value string) {
	for _, part := range path[:len(path)-1] {
		if _, ok := m[part]; !ok {
			m[part] = map[string]any{}
		}
		m = m[part].(map[string]any)
	}
	m[path[len(path)-1]] = value
	if value == "true" || value == "false" {
		m[path[len(path)-1]] = value == "true"
	}
}
