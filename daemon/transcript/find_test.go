package transcript

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// home is a person's home with some files, each a second younger than the last.
func home(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(1_790_000_000+int64(i), 0)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindLooksWhereTheToolKeepsItsSessions(t *testing.T) {
	dir := home(t,
		".claude/projects/-shop/s-2.jsonl", ".config/claude/projects/-shop/s-1.jsonl", ".claude/projects/-shop/s-2/subagents/agent-a.jsonl",
		".claude/projects/-shop/notes.md", "one/projects/-shop/s-3.jsonl", "two/projects/-shop/s-4.jsonl",
		".codex/sessions/2026/10/05/rollout-1.jsonl", ".codex/archived_sessions/rollout-0.jsonl", "other/sessions/2026/10/05/rollout-2.jsonl",
		".local/share/opencode/opencode.db", ".local/share/opencode/opencode-dev.db", ".local/share/opencode/log/dev.log", ".local/share/kilo/kilo.db",
		"data/opencode/storage/message/ses_1/msg_1.json", "data/opencode/storage/message/notes.txt",
	)
	if err := os.Symlink(filepath.Join(dir, "one"), filepath.Join(dir, "same")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tool string
		env  map[string]string
		want []string
	}{
		{claudeCode, nil, []string{".claude/projects/-shop/s-2.jsonl", ".config/claude/projects/-shop/s-1.jsonl", ".claude/projects/-shop/s-2/subagents/agent-a.jsonl"}},
		{claudeCode, map[string]string{"CLAUDE_CONFIG_DIR": " ~/one, ~/two,~/same,"}, []string{"one/projects/-shop/s-3.jsonl", "two/projects/-shop/s-4.jsonl"}},
		{claudeCode, map[string]string{"CLAUDE_CONFIG_DIR": "~/none"}, nil},
		{codex, nil, []string{".codex/sessions/2026/10/05/rollout-1.jsonl", ".codex/archived_sessions/rollout-0.jsonl"}},
		{codex, map[string]string{"CODEX_HOME": "~/other"}, []string{"other/sessions/2026/10/05/rollout-2.jsonl"}},
		{opencode, nil, []string{".local/share/opencode/opencode.db", ".local/share/opencode/opencode-dev.db"}},
		{opencode, map[string]string{"XDG_DATA_HOME": "~/data"}, []string{"data/opencode/storage/message/ses_1"}},
		{opencode, map[string]string{"XDG_DATA_HOME": "~/none"}, nil},
		{kilo, nil, []string{".local/share/kilo/kilo.db"}},
		{crush, nil, nil},
	} {
		env := func(key string) string {
			if key == "HOME" {
				return dir
			}
			return strings.ReplaceAll(c.env[key], "~", dir)
		}
		found, err := Find(c.tool, env)
		if err != nil {
			t.Errorf("%s %v: %v", c.tool, c.env, err)
		}
		var got []string
		for _, s := range found {
			got = append(got, strings.TrimPrefix(s.Path, dir+"/"))
			if s.Tool != c.tool || s.Modified.IsZero() || s.Size == 0 && s.Session == "" {
				t.Errorf("%+v", s)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %v: %q, want %q", c.tool, c.env, got, c.want)
		}
	}
	if _, err := Find("abacus", os.Getenv); err == nil {
		t.Error("the sessions of an abacus were found")
	}
	if want := []string{"claude-code", "codex", "opencode", "kilo", "crush"}; !slices.Equal(Tools(), want) {
		t.Errorf("%q", Tools())
	}
}

func TestFindLooksIntoTheProjectsOfCrush(t *testing.T) {
	dir := home(t, "shop/.crush/crush.db", "else/data/crush.db", "third/.crush/crush.db-wal")
	list := `{"projects":[{"path":"` + dir + `/shop","data_dir":"` + dir + `/shop/.crush"},{"path":"` + dir + `/else","data_dir":"data"},{"path":"` + dir + `/third"},7]}`
	if err := os.MkdirAll(filepath.Join(dir, ".local/share/crush"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".local/share/crush/projects.json"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Find(crush, func(key string) string { return map[string]string{"HOME": dir}[key] })
	if err != nil || len(found) != 2 || found[0].Path != filepath.Join(dir, "shop/.crush/crush.db") || found[1].Path != filepath.Join(dir, "else/data/crush.db") {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestMessagesThatOpencodeKeptAsFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	message := func(session, id, members string) {
		write("message/"+session+"/"+id+".json", `{"id":"`+id+`","sessionID":"`+session+`","path":{"cwd":"/home/ann/shop","root":"/"},`+members+`}`)
	}
	write("session/global/ses_1.json", `{"id":"ses_1"}`)
	write("session/global/ses_2.json", `{"id":"ses_2","parentID":"ses_1"}`)
	message("ses_1", "msg_1", `"time":{"created":1790000001000},`+opencodePrompt)
	message("ses_1", "msg_2", openAnswer)
	message("ses_2", "msg_3", `"time":{"created":1790000001000},`+opencodePrompt)
	message("ses_2", "msg_4", opencodeAnswer("msg_3", 4))
	write("message/ses_1/msg_0.json", `{"id":`)
	write("message/ses_1/other.json", `{"id":`)

	r := &reading{t: t, src: Source{Tool: opencode, Path: filepath.Join(dir, "message/ses_1")}}
	if got, want := r.more(false), []string{"prompt in msg_1"}; !slices.Equal(got, want) || r.mark.Skipped != 1 {
		t.Errorf("%q, want %q; %d skipped", got, want, r.mark.Skipped)
	}
	message("ses_1", "msg_2", opencodeAnswer("msg_1", 3))
	if got, want := r.more(false), []string{"usage glm-5.3 11+5+7 in msg_1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if e := r.got[1]; e.Provider != "zai-coding-plan" || e.Event.Project != "/home/ann/shop" || e.Event.Session != "ses_1" {
		t.Errorf("%+v", e)
	}
	sub := &reading{t: t, src: Source{Tool: opencode, Path: filepath.Join(dir, "message/ses_2")}}
	if got, want := sub.more(false), []string{"usage glm-5.3 11+5+7"}; !slices.Equal(got, want) || sub.got[0].Event.Session != "ses_1" {
		t.Errorf("%q, want %q", got, want)
	}
	gone := Source{Tool: opencode, Path: filepath.Join(dir, "message/ses_3")}
	if _, err := Read(context.Background(), gone, Mark{}, true, nil); err == nil {
		t.Error("a folder that is not there was read")
	}
}
