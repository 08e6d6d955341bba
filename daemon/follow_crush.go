package daemon

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"quotad/daemon/hook"
	"quotad/daemon/store"
	"quotad/quota"
)

// crush has no hooks: its databases are looked for, and their prompts counted,
// where the configuration says that it is used on the plan.
const crush = "crush"

// crushSettles is how long its writing goes on unheard after it was heard of.
const crushSettles = 2 * time.Second

// crushEar tells a follower of Crush's databases: of all at once, and of each
// change, until it ends. What was in one before it was first seen does not
// count.
type crushEar struct {
	follow  *follower
	data    string // the folder in which Crush has one of its own
	env     func(string) string
	watcher *fsnotify.Watcher
}

// hearCrush listens until ctx ends.
func (f *follower) hearCrush(ctx context.Context, env func(string) string) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		f.log.Warn().Err(err).Msg("the prompts of crush are counted when the daemon is started, and not before")
		return
	}
	defer watcher.Close()
	c := crushEar{follow: f, data: dataHome(env), env: env, watcher: watcher}
	for ctx.Err() == nil {
		c.tell()
		if c.changed(ctx, nil) {
			over := time.After(crushSettles)
			for c.changed(ctx, over) {
			}
		}
	}
}

// changed waits for a change, and reports whether one came before ctx ended or
// it was over.
func (c crushEar) changed(ctx context.Context, over <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-over:
			return false
		case <-c.watcher.Errors:
			return true // some may have been lost
		case ev := <-c.watcher.Events:
			if c.matters(ev) {
				return true
			}
		}
	}
}

// matters passes over what reading a database does to the files beside it, and
// over what comes into the folders above Crush's beside the way to that.
func (c crushEar) matters(ev fsnotify.Event) bool {
	if holds(filepath.Dir(ev.Name), c.data) {
		return holds(ev.Name, filepath.Join(c.data, crush))
	}
	return ev.Has(fsnotify.Write|fsnotify.Create|fsnotify.Rename) && !strings.HasSuffix(ev.Name, "-shm")
}

// watchHome watches Crush's folder or, where that is not there yet, what it will
// come into.
func (c crushEar) watchHome() error {
	for dir := filepath.Join(c.data, crush); ; dir = filepath.Dir(dir) {
		if err := c.watcher.Add(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return err
		}
	}
}

// tell tells of the databases that there are, and watches them and the list of
// Crush's projects. A folder that is watched already stays so.
func (c crushEar) tell() {
	f := c.follow
	if err := c.watchHome(); err != nil {
		f.complain(c.data, err)
	}
	sources, err := f.records.Find(crush, c.env)
	if err != nil {
		f.complain(crush, err)
	}
	for _, src := range sources {
		if err := c.watcher.Add(filepath.Dir(src.Path)); err != nil {
			f.complain(src.Path, err)
		}
		f.hear(sighting{record: store.Followed{
			Tool: crush, Path: src.Path, Counted: true, Since: quota.Milli(f.engine.now().Add(-sinceSlack)),
		}})
	}
}

// holds reports whether a folder is another one, or above it.
func holds(dir, below string) bool {
	return dir == below || strings.HasPrefix(below, strings.TrimSuffix(dir, "/")+"/")
}

// dataHome is where programs keep data of the user's.
func dataHome(env func(string) string) string {
	if dir := env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(env("HOME"), ".local", "share")
}

// crushEndpoint is where Crush's providers and models are; "" where that may be
// the plan, as the configuration says of Crush, or is not known. The id of the
// plan is "zai" in Crush's list of providers (catwalk, 2026-10).
func crushEndpoint(provider, model string) string {
	asked := quota.NormalModel(model)
	switch {
	case asked != "" && !strings.HasPrefix(asked, "glm-"):
		return hook.ElsewhereURL(cmp.Or(provider, crush))
	case provider == "zai":
		return quota.ProviderURL("zai-coding-plan")
	case provider == "", quota.NamesProvider(provider):
		return quota.ProviderURL(provider)
	}
	return hook.ElsewhereURL(provider)
}

// startCrush begins to listen, where the present settings say that Crush is on
// the plan, and gives what ends that.
func (d *service) startCrush() (end func()) {
	if !d.engine.Snapshot().Settings.Rules.Tools[crush] {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var listening sync.WaitGroup
	listening.Go(func() { d.follow.hearCrush(ctx, d.Env) })
	return func() { cancel(); listening.Wait() }
}
