package install

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"quotad/config/layout"
	"quotad/daemon/hook"
)

// tomlHooks is a TOML text that lists hooks: what it says, and where.
type tomlHooks struct {
	text  []byte
	root  *layout.Mark
	data  map[string]any
	hooks []tomlHook
}

// tomlHook is one hook that has a command.
type tomlHook struct {
	event   string
	command string
	fields  map[string]any
	mark    *layout.Mark // its table
	group   *layout.Mark // the table of its group
	alone   bool         // the group has nothing else
}

func openTOML(text []byte) (*tomlHooks, error) {
	t := &tomlHooks{text: text, data: map[string]any{}}
	if err := toml.Unmarshal(text, &t.data); err != nil {
		wrong := &TextError{Message: "not valid TOML: " + strings.TrimPrefix(err.Error(), "toml: ")}
		if place := (*toml.DecodeError)(nil); errors.As(err, &place) {
			wrong.Line, wrong.Column = place.Position()
		}
		return nil, wrong
	}
	t.root = layout.MarkUp(text)
	events, ok := t.data["hooks"].(map[string]any)
	if !ok && t.data["hooks"] != nil {
		return nil, t.errorAt(t.root.Field("hooks"), "hooks is no table, one key for each event, as was expected")
	}
	for event, groups := range events {
		list, _ := groups.([]any)
		for g := range list {
			t.readGroup(event, list[g], t.root.Field("hooks").Field(event).Item(g))
		}
	}
	slices.SortFunc(t.hooks, func(a, b tomlHook) int { return a.mark.Place().Key - b.mark.Place().Key })
	return t, nil
}

func (t *tomlHooks) readGroup(event string, group any, mark *layout.Mark) {
	fields, _ := group.(map[string]any)
	hooks, _ := fields["hooks"].([]any)
	for i := range hooks {
		one, _ := hooks[i].(map[string]any)
		if command, ok := one["command"].(string); ok {
			t.hooks = append(t.hooks, tomlHook{
				event: event, command: command, fields: one, group: mark, mark: mark.Field("hooks").Item(i),
				alone: len(hooks) == 1 && len(fields) == 1,
			})
		}
	}
}

func (t *tomlHooks) errorAt(m *layout.Mark, format string, args ...any) error {
	before := t.text[:m.Place().Key]
	return &TextError{
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  len(before) - bytes.LastIndexByte(before, '\n'),
		Message: fmt.Sprintf(format, args...),
	}
}

// patch is a change of the text at one place.
type patch struct {
	from, to int
	text     string
}

// patched is the text with all changes made.
func (t *tomlHooks) patched(patches []patch) []byte {
	text := t.text
	slices.SortStableFunc(patches, func(a, b patch) int { return b.from - a.from })
	for _, p := range patches {
		text = layout.Splice(text, p.from, p.to, p.text)
	}
	return text
}

// align makes a hook of ours what it should be. What else the user gave it stays.
func (t *tomlHooks) align(h tomlHook, e hook.Entry) (patches []patch) {
	added := ""
	for _, f := range entryFields(e, hook.GroupedJSON) {
		m := h.mark.Field(f.name)
		switch {
		case m == nil:
			added += f.name + " = " + tomlLiteral(f.value) + layout.LineEnding(t.text)
		case fmt.Sprint(h.fields[f.name]) != fmt.Sprint(f.value):
			patches = append(patches, patch{m.Value, m.End, tomlLiteral(f.value)})
		}
	}
	if added != "" && h.mark.Header > 0 {
		end := t.lineEnd(h.mark.LastField().End)
		patches = append(patches, patch{end, end, added})
	}
	if m := h.mark.Field("async"); m != nil && !e.Async {
		patches = append(patches, t.lines(m.Key, m.End))
	}
	return patches
}

// remove takes a hook out, and its group where that has nothing else.
func (t *tomlHooks) remove(h tomlHook) ([]patch, error) {
	if h.mark.Place().Header == 0 || h.group.Place().Header == 0 {
		return nil, t.errorAt(h.mark, "the hook of quotad is written in a line with others, and has to be taken out by hand")
	}
	patches := []patch{t.lines(h.mark.Header, h.mark.LastField().End)}
	if h.alone {
		patches = append(patches, t.lines(h.group.Header, h.group.Header))
	}
	first := &patches[len(patches)-1]
	first.from = t.blankAbove(first.from)
	return patches, nil
}

// lines takes whole lines out.
func (t *tomlHooks) lines(from, to int) patch {
	return patch{from: bytes.LastIndexByte(t.text[:from], '\n') + 1, to: t.lineEnd(to)}
}

// lineEnd is where the next line begins.
func (t *tomlHooks) lineEnd(at int) int {
	if i := bytes.IndexByte(t.text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(t.text)
}

// blankAbove is the start of the line above where that is blank.
func (t *tomlHooks) blankAbove(start int) int {
	for _, blank := range []string{"\r\n", "\n"} {
		above, ok := bytes.CutSuffix(t.text[:start], []byte(blank))
		if ok && (len(above) == 0 || above[len(above)-1] == '\n') {
			return len(above)
		}
	}
	return start
}

// add puts a hook at the end of the text.
func (t *tomlHooks) add(text []byte, e hook.Entry) ([]byte, error) {
	for _, m := range []*layout.Mark{t.root.Field("hooks"), t.root.Field("hooks").Field(e.Event)} {
		if m != nil && m.End > 0 {
			return nil, t.errorAt(m, "what is there of hooks is written in one line, and %s has to be added by hand", e.Event)
		}
	}
	eol := layout.LineEnding(t.text)
	var b strings.Builder
	if len(text) > 0 {
		if text[len(text)-1] != '\n' {
			b.WriteString(eol)
		}
		b.WriteString(eol)
	}
	fmt.Fprintf(&b, "[[%s]]%s", layout.Header([]string{"hooks", e.Event}), eol)
	fmt.Fprintf(&b, "[[%s]]%s", layout.Header([]string{"hooks", e.Event, "hooks"}), eol)
	for _, f := range entryFields(e, hook.GroupedJSON) {
		b.WriteString(f.name + " = " + tomlLiteral(f.value) + eol)
	}
	return append(bytes.Clone(text), b.String()...), nil
}

// tomlLiteral is a value as TOML.
func tomlLiteral(v any) string {
	switch v := ordered(v).(type) {
	case string:
		return layout.QuoteText(v)
	case []any:
		words := make([]string, len(v))
		for i := range v {
			words[i] = tomlLiteral(v[i])
		}
		return "[" + strings.Join(words, ", ") + "]"
	case []field:
		words := make([]string, len(v))
		for i, f := range v {
			words[i] = layout.QuoteKey(f.name) + " = " + tomlLiteral(f.value)
		}
		return "{ " + strings.Join(words, ", ") + " }"
	case bool:
		return strconv.FormatBool(v)
	default:
		return fmt.Sprint(v)
	}
}
