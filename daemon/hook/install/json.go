package install

import (
	"bytes"
	"slices"

	"github.com/tailscale/hujson"

	"quotad/daemon/hook"
)

func putJSON(text []byte, f hook.File) (Edit, error) {
	h, err := openJSON(text, f.Form)
	if err != nil {
		return Edit{}, err
	}
	before := h.tree.Pack()
	had, err := h.put(f.Entries)
	if err != nil {
		return Edit{}, err
	}
	var hints []string
	for _, set := range settingsOf(f) {
		ours, hint, err := h.putSetting(set)
		if err != nil {
			return Edit{}, err
		}
		had = had || ours
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	changed := !bytes.Equal(before, h.tree.Pack())
	return h.edit(text, Edit{Reason: reasonOf(had, changed), Hints: hints})
}

func takeJSON(text, original []byte, f hook.File) (Edit, error) {
	h, err := openJSON(text, f.Form)
	if err != nil {
		return Edit{}, err
	}
	old, pure := userHad(original, f.Form)
	was := h.tree.Pack()
	hints := h.take(f, old)
	if bytes.Equal(was, h.tree.Pack()) {
		return Edit{Text: text, Reason: Absent, Hints: hints}, nil
	}
	e, err := h.edit(text, Edit{Reason: Removed, Hints: hints})
	if pure && err == nil && sameButSpace(e.Text, original) {
		e.Text = original
	}
	e.Gone = original == nil && string(bytes.TrimSpace(h.tree.Pack())) == "{}"
	return e, err
}

// take takes out what is ours, and tells what the user has to take out.
func (h *jsonHooks) take(f hook.File, old *jsonHooks) (hints []string) {
	h.each(func(at hookAt) {
		if hook.Ours(at.command) {
			h.remove(at, old)
			h.emptied = true
		}
	})
	h.prune(old)
	for _, set := range f.Unset {
		if hint := h.takeSetting(set, old); hint != "" {
			hints = append(hints, hint)
		}
	}
	if f.Form == hook.FlatJSON && h.list == nil {
		h.takeVersion(old)
	}
	return hints
}

// userHad is what the user had, without what was ours even then; pure where
// nothing was. It is nil where that is not known.
func userHad(original []byte, form hook.Form) (old *jsonHooks, pure bool) {
	if original == nil {
		return nil, false
	}
	old, err := openJSON(original, form)
	if err != nil {
		return nil, false
	}
	had, err := old.put(nil)
	return old, err == nil && !had
}

func findJSON(text []byte, f hook.File) ([]Found, error) {
	h, err := openJSON(text, f.Form)
	if err != nil {
		return nil, err
	}
	var found []Found
	h.each(func(at hookAt) {
		if hook.Calls(at.command) {
			found = append(found, Found{Event: at.event, Command: at.command, Mixed: !hook.Ours(at.command)})
		}
	})
	slices.Reverse(found)
	for _, set := range f.Unset {
		if v := h.settingAt(set.Path); v != nil {
			if command := callOf(v); command != "" {
				found = append(found, Found{Command: command, Setting: true, Mixed: !hook.Ours(command)})
			}
		}
	}
	return found, nil
}

// othersInJSON reports whether the text lists hooks that are not ours.
func othersInJSON(text []byte, form hook.Form) (others bool) {
	h, err := openJSON(text, form)
	if err != nil {
		return false
	}
	h.each(func(at hookAt) { others = others || !hook.Calls(at.command) })
	return others
}

func openJSON(text []byte, form hook.Form) (*jsonHooks, error) {
	d, err := parseJSON(text)
	if err != nil {
		return nil, err
	}
	return hooksIn(d, form)
}

// put gives each entry its place: that of an older one of ours for the event,
// or a new one. What else is ours goes; where a command of the user's calls
// quotad, that is enough. It reports whether anything was ours.
func (h *jsonHooks) put(entries []hook.Entry) (had bool, err error) {
	ours, there := map[string]int{}, map[string]bool{}
	h.each(func(at hookAt) {
		if hook.Ours(at.command) {
			ours[at.event]++
			had = true
		} else if hook.Calls(at.command) {
			there[at.event] = true
		}
	})
	h.each(func(at hookAt) {
		if !hook.Ours(at.command) {
			return
		}
		i := entryFor(entries, at.event)
		if ours[at.event]--; i >= 0 && ours[at.event] == 0 && !there[at.event] {
			h.align(at, entries[i])
			there[at.event] = true
			return
		}
		h.remove(at, nil)
		h.emptied = true
	})
	for _, e := range entries {
		if !there[e.Event] {
			if err := h.add(e); err != nil {
				return had, err
			}
		}
	}
	h.prune(nil)
	return had, nil
}

// entryFor is the index of the entry for an event; -1 where none is wanted.
func entryFor(entries []hook.Entry, event string) int {
	return slices.IndexFunc(entries, func(e hook.Entry) bool { return e.Event == event })
}

// edit is what became of the text.
func (h *jsonHooks) edit(text []byte, e Edit) (Edit, error) {
	if e.Reason == Already {
		e.Text = text
		return e, nil
	}
	var err error
	e.Text, err = h.pack()
	return e, err
}

// sameButSpace compares two JSON texts by all but their layout.
func sameButSpace(a, b []byte) bool {
	x, errX := parseJSON(a)
	y, errY := parseJSON(b)
	if errX != nil || errY != nil || x.bom != y.bom {
		return false
	}
	return bytes.Equal(tight(&x.tree), tight(&y.tree))
}

// tight is a tree without its layout.
func tight(tree *hujson.Value) []byte {
	for v := range tree.All() {
		v.BeforeExtra, v.AfterExtra = tightExtra(v.BeforeExtra), tightExtra(v.AfterExtra)
		switch v := v.Value.(type) {
		case *hujson.Object:
			v.AfterExtra = tightExtra(v.AfterExtra)
		case *hujson.Array:
			v.AfterExtra = tightExtra(v.AfterExtra)
		}
	}
	return tree.Pack()
}

// tightExtra keeps the comments, and whether there is anything at all: after a
// last item that stands for a comma.
func tightExtra(x hujson.Extra) hujson.Extra {
	s := splitExtra(x)
	kept := hujson.Extra(bytes.Join(bytes.Fields(s.comments), []byte(" ")))
	if s.line {
		kept = append(kept, '\n')
	}
	if len(kept) == 0 && x != nil {
		return hujson.Extra{}
	}
	return kept
}
