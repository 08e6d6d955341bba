package daemon

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fsnotify/fsnotify"

	"quotad/quota"
)

func TestCrushIsOnThePlanWithItsProviderAlone(t *testing.T) {
	for _, c := range []struct {
		what, provider, model string
		want                  quota.Billing
	}{
		{"the plan by its name", "zai", "glm-5.3", quota.OnPlan},
		{"nothing is known", "", "", quota.OnPlan},
		{"a provider that the user named", "my-zai", "GLM-5.3", quota.OnPlan},
		{"the standard API of the same provider", "zhipuai", "glm-5.3", quota.PayPerToken},
		{"another provider", "openrouter", "z-ai/glm-5.3", quota.Elsewhere},
		{"another model", "anthropic", "claude-sonnet-4-6", quota.Elsewhere},
		{"another model, of whoever", "", "gpt-6", quota.Elsewhere},
	} {
		if got := (quota.Rules{}).Bill(quota.Event{Tool: crush, Endpoint: crushEndpoint(c.provider, c.model)}); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// Crush may be said to be on the plan before any program has kept data here: its
// folder is heard of when it comes, with all that is above it.
func TestCrushIsHeardOfWhereNothingIsThereYet(t *testing.T) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Close()
	home := t.TempDir()
	c := crushEar{data: filepath.Join(home, ".local", "share"), watcher: watcher}
	for _, dir := range []string{"other", ".local", ".local/other", ".local/share", ".local/share/other", ".local/share/crush"} {
		if err := c.watchHome(); err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, dir)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		onTheWay := filepath.Base(dir) != "other"
		if ev := <-watcher.Events; ev.Name != dir || c.matters(ev) != onTheWay {
			t.Errorf("%v: matters is %v", ev, c.matters(ev))
		}
	}
	if err := c.watchHome(); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(c.data, crush, "projects.json")
	if err := os.WriteFile(list, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if ev := <-watcher.Events; ev.Name != list || !c.matters(ev) {
		t.Errorf("%v does not matter", ev)
	}
}
