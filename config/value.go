package config

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2"

	"quotad/config/layout"
	"quotad/quota"
)

// value is what stands at one key. Each of its readers gives the zero value
// where nothing stands there, and where what stands there is wrong: then it has
// complained.
type value struct {
	doc  *document
	name string // "notify.thresholds"
	raw  any    // nil: the key is not there
	mark *layout.Mark
}

func (v value) set() bool { return v.raw != nil }

func (v value) isText() bool {
	_, ok := v.raw.(string)
	return ok
}

// bad complains of the value.
func (v value) bad(format string, args ...any) {
	v.doc.fail(v.mark.Place().Value, "%s: %s", v.name, fmt.Sprintf(format, args...))
}

func (v value) wrongType(expected string) {
	if v.set() {
		v.bad("expected %s, not %s", expected, kindOf(v.raw))
	}
}

func kindOf(raw any) string {
	switch raw.(type) {
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a fraction"
	case time.Time, toml.LocalDate, toml.LocalDateTime:
		return "a date"
	case toml.LocalTime:
		return "a time of day without quotes"
	case []any:
		return "an array"
	}
	return "a table"
}

func (v value) text() string {
	s, ok := v.raw.(string)
	if !ok {
		v.wrongType("a string")
	}
	return s
}

// line is a text that may stand in a line of output: of at most 200 bytes,
// without control characters.
func (v value) line() string {
	s := v.text()
	if len(s) > 200 {
		v.bad("%d bytes long; expected at most 200", len(s))
		return ""
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		v.bad("has a control character; expected one line of text")
		return ""
	}
	return s
}

func (v value) flag(otherwise bool) bool {
	if !v.set() {
		return otherwise
	}
	b, ok := v.raw.(bool)
	if !ok {
		v.wrongType("true or false")
	}
	return b
}

func (v value) whole(otherwise, low, high int64) int64 {
	if !v.set() {
		return otherwise
	}
	n, ok := v.raw.(int64)
	if !ok {
		v.wrongType("a whole number")
		return otherwise
	}
	if n < low || n > high {
		v.bad("%d is out of range: %d to %d", n, low, high)
	}
	return n
}

func (v value) amount(otherwise, low, high quota.Amount) quota.Amount {
	var f float64
	switch n := v.raw.(type) {
	case nil:
		return otherwise
	case int64:
		f = float64(n)
	case float64:
		f = n
	default:
		v.wrongType("a number")
		return otherwise
	}
	if !(f >= -high.Float() && f <= 2*high.Float()) || quota.FromFloat(f) < low || quota.FromFloat(f) > high {
		v.bad("%v is out of range: %v to %v", v.raw, low, high)
		return otherwise
	}
	return quota.FromFloat(f)
}

// choice is one of the options.
func (v value) choice(otherwise string, options ...string) string {
	if !v.set() {
		return otherwise
	}
	s, ok := v.raw.(string)
	if !ok {
		v.wrongType(`one of "` + strings.Join(options, `", "`) + `"`)
		return otherwise
	}
	for _, o := range options {
		if s == o {
			return s
		}
	}
	v.bad("%s is not known; expected one of %s", quoted(s), strings.Join(options, ", "))
	return otherwise
}

// list is the items of an array.
func (v value) list(expected string) []value {
	raw, ok := v.raw.([]any)
	if !ok {
		v.wrongType(expected)
	}
	items := make([]value, len(raw))
	for i := range raw {
		items[i] = value{doc: v.doc, name: v.name, raw: raw[i], mark: v.mark.Item(i)}
	}
	return items
}

// table is the table at a key; an empty one where there is none.
func (v value) table() *table {
	keys, ok := v.raw.(map[string]any)
	if !ok {
		v.wrongType("a table")
		v.raw = nil
	}
	return &table{value: v, keys: keys}
}

// tables are the tables of an array, [[like]] this.
func (v value) tables() []*table {
	if _, ok := v.raw.(map[string]any); ok {
		v.bad("expected an array of tables, not one table; write [[%s]]", v.name)
		return nil
	}
	items := v.list("an array of tables")
	out := make([]*table, len(items))
	for i, item := range items {
		out[i] = item.table()
	}
	return out
}

// instant is a date and time, to the millisecond, UTC; one without a zone is
// read in the provider's.
func (v value) instant() time.Time {
	var t time.Time
	switch raw := v.raw.(type) {
	case time.Time:
		t = raw
	case toml.LocalDateTime:
		t = raw.AsTime(quota.UTC8)
	case toml.LocalDate:
		t = raw.AsTime(quota.UTC8)
	case string:
		v.bad("expected a date and time without quotes, such as 2026-03-04T16:55:13+08:00, not a string")
		return t
	default:
		v.wrongType("a date and time such as 2026-03-04T16:55:13+08:00")
		return t
	}
	if y := t.UTC().Year(); y < 2000 || y > 9998 {
		v.bad("the year %d is out of range: 2000 to 9998", y)
		return time.Time{}
	}
	return quota.Milli(t)
}

// shortest is how short a window can be: the daemon looks at each of its ends.
const shortest = 100 * time.Millisecond

// duration is a length of time in Go's notation, of whole milliseconds.
func (v value) duration() time.Duration {
	const expected = `a duration such as "5h", "90m" or "20s"`
	s, ok := v.raw.(string)
	if !ok {
		v.wrongType(expected)
		return 0
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		v.bad("%s is not a duration; expected %s", quoted(s), expected)
		return 0
	case d < shortest:
		v.bad("%v is out of range: %v or longer", d, shortest)
		return 0
	case d%time.Millisecond != 0:
		v.bad("%v is not a whole number of milliseconds", d)
		return 0
	}
	return d
}

// quoted is s in quotes, cut where it is long.
func quoted(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
