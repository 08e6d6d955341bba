package main

import (
	"os"
	"testing"

	"quotad/daemon/hook"
)

func TestFirstWord(t *testing.T) {
	for _, c := range []struct{ name, command, want string }{
		{"quoted", "'/opt/my tools/quotad' hook claude-code 2>/dev/null || true", "/opt/my tools/quotad"},
		{"quoted with a quote in it", `'/o'\''s/quotad' hook claude-code`, "/o's/quotad"},
		{"in double quotes", `"/usr/bin/quotad" hook`, "/usr/bin/quotad"},
		{"bare", "quotad hook claude-code", "quotad"},
		{"alone", " quotad", "quotad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := firstWord(c.command); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHookCommandLineIsReadBack(t *testing.T) {
	for _, program := range []string{"/usr/bin/quotad", "/opt/my tools/quotad", "/o's/quotad"} {
		if got := firstWord(hook.Host{Program: program}.CommandLine("claude-code")); got != program {
			t.Errorf("%q was read back as %q", program, got)
		}
	}
}

func TestClaudeSettingsHonourTheirFolder(t *testing.T) {
	env := map[string]string{"HOME": "/home/u"}
	get := func(name string) string { return env[name] }
	if got := claudeSettings(get); got != "/home/u/.claude/settings.json" {
		t.Errorf("got %s", got)
	}
	env["CLAUDE_CONFIG_DIR"] = "/etc/claude"
	if got := claudeSettings(get); got != "/etc/claude/settings.json" {
		t.Errorf("got %s", got)
	}
}

func TestUnsafe(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]string{0o700: "", 0o600: "", 0o750: "is open to others (mode 750)", 0o701: "is open to others (mode 701)"} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&examination{}).unsafe(info); got != want {
			t.Errorf("mode %o: %q, want %q", mode, got, want)
		}
	}
	os.Chmod(dir, 0o700)
}
