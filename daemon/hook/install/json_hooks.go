package install

import (
	"strconv"

	"github.com/tailscale/hujson"

	"quotad/daemon/hook"
)

// jsonHooks is the part of a settings file that lists hooks.
type jsonHooks struct {
	*jsonText
	form hook.Form
	list *hujson.Object // the value of "hooks"; nil where there is none
	in   string         // its indentation

	emptied bool // something of ours was taken out of it
}

// hooksIn finds it. Where something else stands at "hooks" nothing can be done.
func hooksIn(d *jsonText, form hook.Form) (*jsonHooks, error) {
	h := &jsonHooks{jsonText: d, form: form}
	i, err := d.member(d.root, "hooks")
	if err != nil || i < 0 {
		return h, err
	}
	m := &d.root.Members[i]
	var ok bool
	if h.list, ok = m.Value.Value.(*hujson.Object); !ok {
		return nil, d.wrong(&m.Value, `"hooks"`, "an object, one member for each event,")
	}
	h.in = below(m.Name.BeforeExtra, "")
	return h, nil
}

// hookAt is one hook, and the lists that hold it.
type hookAt struct {
	event   string
	at      int           // of the event in the list of events
	groups  *hujson.Array // of the event; of the flat form they are the hooks themselves
	group   int           // in groups
	hooks   *hujson.Array // of the group; nil in the flat form
	hook    int           // in hooks
	object  *hujson.Object
	indent  string // of the object
	command string // as a shell has it
}

// each calls f with each hook that has a command, from the last one to the
// first, so that f may remove it. What is not laid out as hooks are is no hook.
func (h *jsonHooks) each(f func(hookAt)) {
	if h.list == nil {
		return
	}
	for e := len(h.list.Members) - 1; e >= 0; e-- {
		m := &h.list.Members[e]
		groups, ok := m.Value.Value.(*hujson.Array)
		if !ok {
			continue
		}
		indent := below(m.Name.BeforeExtra, h.in)
		for g := len(groups.Elements) - 1; g >= 0; g-- {
			at := hookAt{event: nameOf(m), at: e, groups: groups, group: g, indent: below(groups.Elements[g].BeforeExtra, indent)}
			h.inGroup(at, &groups.Elements[g], f)
		}
	}
}

func (h *jsonHooks) inGroup(at hookAt, group *hujson.Value, f func(hookAt)) {
	o, ok := group.Value.(*hujson.Object)
	if !ok {
		return
	}
	if h.form == hook.FlatJSON {
		at.call(o, f)
		return
	}
	i, err := h.member(o, "hooks")
	if err != nil || i < 0 {
		return
	}
	if at.hooks, ok = o.Members[i].Value.Value.(*hujson.Array); !ok {
		return
	}
	indent := below(o.Members[i].Name.BeforeExtra, at.indent)
	for at.hook = len(at.hooks.Elements) - 1; at.hook >= 0; at.hook-- {
		e := &at.hooks.Elements[at.hook]
		if o, ok := e.Value.(*hujson.Object); ok {
			at.indent = below(e.BeforeExtra, indent)
			at.call(o, f)
		}
	}
}

// call reads the command of a hook, which some tools take as words.
func (at hookAt) call(o *hujson.Object, f func(hookAt)) {
	at.object = o
	var words []string
	for i := range o.Members {
		switch v := &o.Members[i].Value; nameOf(&o.Members[i]) {
		case "command":
			at.command, _ = asText(v)
		case "args":
			words = texts(v)
		}
	}
	if len(words) > 0 {
		at.command = hook.JoinWords(append([]string{at.command}, words...))
	}
	if at.command != "" {
		f(at)
	}
}

// texts are the strings of a list.
func texts(v *hujson.Value) (words []string) {
	list, ok := v.Value.(*hujson.Array)
	if !ok {
		return nil
	}
	for i := range list.Elements {
		word, _ := asText(&list.Elements[i])
		words = append(words, word)
	}
	return words
}

// remove takes a hook out, and what is empty then, unless it was so before.
func (h *jsonHooks) remove(at hookAt, was *jsonHooks) {
	if at.hooks != nil {
		remove(elements{at.hooks}, at.hook)
		if len(at.hooks.Elements) > 0 {
			return
		}
	}
	remove(elements{at.groups}, at.group)
	if len(at.groups.Elements) > 0 || was.hasEvent(at.event) {
		return
	}
	remove(members{h.list}, at.at)
}

// prune takes the list of events out where it is empty now and was not there before.
func (h *jsonHooks) prune(was *jsonHooks) {
	if !h.emptied || h.list == nil || len(h.list.Members) > 0 || was != nil && was.list != nil {
		return
	}
	if i, err := h.member(h.root, "hooks"); err == nil && i >= 0 {
		remove(members{h.root}, i)
	}
	h.list = nil
}

func (h *jsonHooks) hasEvent(name string) bool {
	if h == nil || h.list == nil {
		return false
	}
	i, err := h.member(h.list, name)
	return err == nil && i >= 0
}

// add puts a hook behind those of its event.
func (h *jsonHooks) add(e hook.Entry) error {
	one := entryFields(e, h.form)
	var group any = one
	if h.form == hook.GroupedJSON {
		group = []field{{"hooks", []any{one}}}
	}
	if h.list == nil {
		h.style.addMember(h.root, "", "hooks", []field{{e.Event, []any{group}}})
		m := &h.root.Members[len(h.root.Members)-1]
		h.list, h.in = m.Value.Value.(*hujson.Object), below(m.Name.BeforeExtra, "")
		return nil
	}
	i, err := h.member(h.list, e.Event)
	if err != nil {
		return err
	}
	if i < 0 {
		h.style.addMember(h.list, h.in, e.Event, []any{group})
		return nil
	}
	m := &h.list.Members[i]
	groups, ok := m.Value.Value.(*hujson.Array)
	if !ok {
		return h.wrong(&m.Value, "the event "+strconv.Quote(e.Event), "a list")
	}
	h.style.addElement(groups, below(m.Name.BeforeExtra, h.in), group)
	return nil
}

// entryFields is an entry the way a file lists it.
func entryFields(e hook.Entry, form hook.Form) []field {
	var fields []field
	if form == hook.GroupedJSON {
		fields = append(fields, field{"type", "command"})
	}
	if e.Name != "" {
		fields = append(fields, field{"name", e.Name})
	}
	fields = append(fields, field{"command", e.Command})
	if e.Timeout > 0 {
		fields = append(fields, field{"timeout", e.Timeout})
	}
	if e.Async {
		fields = append(fields, field{"async", true})
	}
	return fields
}

// align makes a hook of ours what it should be, and keeps whatever else the
// user gave it.
func (h *jsonHooks) align(at hookAt, e hook.Entry) {
	for _, f := range entryFields(e, h.form) {
		want := hujson.Literal(literal(f.value))
		i, err := h.member(at.object, f.name)
		switch {
		case err != nil:
		case i < 0:
			h.style.addMember(at.object, at.indent, f.name, f.value)
		case !sameLiteral(at.object.Members[i].Value.Value, want):
			at.object.Members[i].Value.Value = want
		}
	}
	for _, gone := range []struct {
		name string
		gone bool
	}{{"async", !e.Async}, {"args", true}} {
		if i, err := h.member(at.object, gone.name); gone.gone && err == nil && i >= 0 {
			remove(members{at.object}, i)
		}
	}
}

// sameLiteral compares what is written, not how.
func sameLiteral(v hujson.ValueTrimmed, want hujson.Literal) bool {
	lit, ok := v.(hujson.Literal)
	return ok && lit.Kind() == want.Kind() && lit.String() == want.String()
}
