package install

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"

	"quotad/daemon/hook"
)

// settingsOf are the keys that a file wants set, with what its form needs.
func settingsOf(f hook.File) []hook.Setting {
	if f.Form == hook.FlatJSON && len(f.Entries) > 0 {
		return append([]hook.Setting{{Path: []string{"version"}, Value: 1}}, f.Unset...)
	}
	return f.Unset
}

// putSetting sets a key where nothing is set, and changes what is ours. It
// reports whether that was ours before, and what to tell where it is the user's.
func (h *jsonHooks) putSetting(set hook.Setting) (ours bool, hint string, err error) {
	o, indent := h.root, ""
	for n, name := range set.Path {
		i, err := h.member(o, name)
		if err != nil {
			return false, "", err
		}
		if i < 0 {
			h.style.addMember(o, indent, name, nested(set.Path[n+1:], ordered(set.Value)))
			return false, "", nil
		}
		m := &o.Members[i]
		if n == len(set.Path)-1 {
			return h.alignSetting(&m.Value, set)
		}
		indent = below(m.Name.BeforeExtra, indent)
		var ok bool
		if o, ok = m.Value.Value.(*hujson.Object); !ok {
			return false, "", h.wrong(&m.Value, strconv.Quote(dotted(set.Path[:n+1])), "an object")
		}
	}
	return false, "", nil
}

// nested wraps a value in an object for each name.
func nested(names []string, v any) any {
	for _, name := range slices.Backward(names) {
		v = []field{{name, v}}
	}
	return v
}

func (h *jsonHooks) alignSetting(v *hujson.Value, set hook.Setting) (ours bool, hint string, err error) {
	command := callOf(v)
	switch {
	case command == "" && set.Instead != "":
		return false, instead(set), nil
	case command == "" || wraps(command) || !hook.Ours(command):
		return command != "", "", nil
	}
	if want := callIn(set.Value); want != command {
		h.setCall(v, set.Value)
	}
	return true, "", nil
}

// instead tells what to do about a key that is the user's.
func instead(set hook.Setting) string {
	return fmt.Sprintf("%s is set to something of yours; to have both: %s", dotted(set.Path), set.Instead)
}

// unwrap tells what to do about a key that calls quotad around something of the user's.
func unwrap(set hook.Setting) string {
	return dotted(set.Path) + " calls quotad around a command of yours; set it back to that command"
}

// wraps reports whether a command of ours runs one of the user's.
func wraps(command string) bool {
	_, args := hook.Called(command)
	return slices.ContainsFunc(args, func(w string) bool { return w == "--wrap" || strings.HasPrefix(w, "--wrap=") })
}

// callOf is the command in a setting that calls quotad: the setting itself, as a
// text or a list of words, or what is in it. "" where nothing does.
func callOf(v *hujson.Value) string {
	switch t := v.Value.(type) {
	case *hujson.Array:
		if command := hook.JoinWords(texts(v)); hook.Calls(command) {
			return command
		}
	case *hujson.Object:
		for i := range t.Members {
			if command := callOf(&t.Members[i].Value); command != "" {
				return command
			}
		}
	case hujson.Literal:
		if command, ok := asText(v); ok && hook.Calls(command) {
			return command
		}
	}
	return ""
}

// callIn is callOf for a value that is to be set.
func callIn(v any) string {
	tree := style{}.value(ordered(v), "", true)
	return callOf(&tree)
}

// setCall puts the wanted command in the place of the one of ours; what the user
// set beside it stays.
func (h *jsonHooks) setCall(v *hujson.Value, want any) {
	o, ok := v.Value.(*hujson.Object)
	fields, wantsObject := ordered(want).([]field)
	if !ok || !wantsObject {
		v.Value = h.style.value(ordered(want), "", true).Value
		return
	}
	for _, f := range fields {
		if callIn(f.value) == "" {
			continue
		}
		for i := range o.Members {
			if callOf(&o.Members[i].Value) != "" {
				o.Members[i].Value.Value = h.style.value(f.value, "", true).Value
			}
		}
	}
}

// settingAt is the value at a path; nil where there is none.
func (h *jsonHooks) settingAt(path []string) *hujson.Value {
	v := &h.tree
	for _, name := range path {
		o, ok := v.Value.(*hujson.Object)
		if !ok {
			return nil
		}
		i, err := h.member(o, name)
		if err != nil || i < 0 {
			return nil
		}
		v = &o.Members[i].Value
	}
	return v
}

// takeSetting takes a key out where it is ours, and what holds only that, unless
// the user had it before.
func (h *jsonHooks) takeSetting(set hook.Setting, was *jsonHooks) (hint string) {
	v := h.settingAt(set.Path)
	if v == nil {
		return ""
	}
	command := callOf(v)
	switch {
	case command == "" || !hook.Ours(command):
		return ""
	case wraps(command):
		return unwrap(set)
	}
	for n := len(set.Path); n > 0; n-- {
		outer := h.settingAt(set.Path[:n-1]).Value.(*hujson.Object)
		i, err := h.member(outer, set.Path[n-1])
		if err != nil || i < 0 {
			return ""
		}
		remove(members{outer}, i)
		if len(outer.Members) > 0 || n > 1 && was != nil && was.settingAt(set.Path[:n-1]) != nil {
			return ""
		}
	}
	return ""
}

// takeVersion takes the version of the form out where it came with our entries.
func (h *jsonHooks) takeVersion(was *jsonHooks) {
	i, err := h.member(h.root, "version")
	if err != nil || i < 0 || !sameLiteral(h.root.Members[i].Value.Value, hujson.Int(1)) {
		return
	}
	if was != nil && was.settingAt([]string{"version"}) != nil || was == nil && len(h.root.Members) > 1 {
		return
	}
	remove(members{h.root}, i)
}
