package install

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"quotad/config/layout"
	"quotad/daemon/hook"
)

func putTOML(text []byte, f hook.File) (Edit, error) {
	t, err := openTOML(text)
	if err != nil {
		return Edit{}, err
	}
	out, had, err := t.put(f.Entries)
	if err != nil {
		return Edit{}, err
	}
	var hints []string
	for _, set := range f.Unset {
		ours, hint := t.standing(set)
		had = had || ours
		if hint != "" {
			hints = append(hints, hint)
		}
		if !t.wants(set) {
			continue
		}
		if out, err = layout.Put(out, set.Path, tomlLiteral(set.Value)); err != nil {
			return Edit{}, &TextError{Message: err.Error()}
		}
	}
	return soundTOML(text, out, Edit{Reason: reasonOf(had, !bytes.Equal(text, out)), Hints: hints})
}

func takeTOML(text, original []byte, f hook.File) (Edit, error) {
	t, err := openTOML(text)
	if err != nil {
		return Edit{}, err
	}
	var patches []patch
	for _, h := range t.hooks {
		if hook.Ours(h.command) {
			gone, err := t.remove(h)
			if err != nil {
				return Edit{}, err
			}
			patches = append(patches, gone...)
		}
	}
	var hints []string
	for _, set := range f.Unset {
		switch command := t.callAt(set.Path); {
		case command == "" || !hook.Ours(command):
		case wraps(command):
			hints = append(hints, unwrap(set))
		default:
			m := t.markAt(set.Path)
			patches = append(patches, t.lines(m.Key, m.End))
		}
	}
	if len(patches) == 0 {
		return Edit{Text: text, Reason: Absent, Hints: hints}, nil
	}
	out := t.patched(patches)
	if original != nil && bytes.Equal(bytes.TrimSpace(out), bytes.TrimSpace(original)) {
		out = original
	}
	e, err := soundTOML(text, out, Edit{Reason: Removed, Hints: hints})
	e.Gone = original == nil && len(bytes.TrimSpace(out)) == 0
	return e, err
}

func findTOML(text []byte, f hook.File) ([]Found, error) {
	t, err := openTOML(text)
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, h := range t.hooks {
		if hook.Calls(h.command) {
			found = append(found, Found{Event: h.event, Command: h.command, Mixed: !hook.Ours(h.command)})
		}
	}
	for _, set := range f.Unset {
		if command := t.callAt(set.Path); command != "" {
			found = append(found, Found{Command: command, Setting: true, Mixed: !hook.Ours(command)})
		}
	}
	return found, nil
}

// othersInTOML reports whether the text lists hooks that are not ours.
func othersInTOML(text []byte) bool {
	t, err := openTOML(text)
	return err == nil && slices.ContainsFunc(t.hooks, func(h tomlHook) bool { return !hook.Calls(h.command) })
}

// put gives each entry its place, as jsonHooks.put does.
func (t *tomlHooks) put(entries []hook.Entry) (out []byte, had bool, err error) {
	there := map[string]bool{}
	for _, h := range t.hooks {
		if hook.Calls(h.command) && !hook.Ours(h.command) {
			there[h.event] = true
		}
	}
	var patches []patch
	for _, h := range t.hooks {
		i := entryFor(entries, h.event)
		switch {
		case !hook.Ours(h.command):
		case i >= 0 && !there[h.event]:
			patches = append(patches, t.align(h, entries[i])...)
			had, there[h.event] = true, true
		default:
			gone, err := t.remove(h)
			if err != nil {
				return nil, true, err
			}
			patches = append(patches, gone...)
			had = true
		}
	}
	out = t.patched(patches)
	for _, e := range entries {
		if !there[e.Event] {
			if out, err = t.add(out, e); err != nil {
				return nil, had, err
			}
		}
	}
	return out, had, nil
}

// standing is what is there of a setting: whether it is ours, and what to tell
// where it is the user's.
func (t *tomlHooks) standing(set hook.Setting) (ours bool, hint string) {
	command := t.callAt(set.Path)
	if command == "" && t.markAt(set.Path) != nil && set.Instead != "" {
		return false, instead(set)
	}
	return command != "", ""
}

// wants reports whether a setting has to be written.
func (t *tomlHooks) wants(set hook.Setting) bool {
	if t.markAt(set.Path) == nil {
		return true
	}
	command := t.callAt(set.Path)
	return hook.Ours(command) && !wraps(command) && command != callIn(set.Value)
}

func (t *tomlHooks) markAt(path []string) *layout.Mark {
	m := t.root
	for _, name := range path {
		m = m.Field(name)
	}
	return m
}

// callAt is the command of ours in a setting; "" where there is none.
func (t *tomlHooks) callAt(path []string) string {
	var v any = t.data
	for _, name := range path {
		fields, _ := v.(map[string]any)
		v = fields[name]
	}
	if v == nil || t.markAt(path).Place().End == 0 {
		return ""
	}
	return callIn(v)
}

// soundTOML is the edit, where the text is still one that can be read.
func soundTOML(was, out []byte, e Edit) (Edit, error) {
	if e.Text = out; e.Reason == Already {
		e.Text = was
	}
	if toml.Unmarshal(e.Text, new(map[string]any)) != nil {
		return Edit{}, &TextError{Message: "it is laid out in a way that does not let entries be added or taken out"}
	}
	return e, nil
}

func dotted(path []string) string { return strings.Join(path, ".") }
