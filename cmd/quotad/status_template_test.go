package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

func TestTemplate(t *testing.T) {
	five := window("5h", quota.Fixed, 37, 400, in(72*time.Minute))
	big := window("week", quota.Anchored, 0, 1234567, in(49*time.Hour))
	st := pro(five, big, idle("month", quota.Monthly, 5))
	st.Plan.Name = "Pro\x1b[31m"
	doc, err := json.Marshal(quota.Statuses{Schema: 1, Now: boardNow, Accounts: []quota.Status{st}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, template, want, fault string }{
		{"fields are named as in JSON", `{{range .accounts}}{{.binding}} {{.plan.unit}}{{end}}`, "5h prompts\n", ""},
		{"numbers print as they are written", `{{range (index .accounts 0).windows}}{{.cap}} {{.percent}};{{end}}`, "400 9.25;1234567 0;5 0;\n", ""},
		{"numbers compare", `{{range (index .accounts 0).windows}}{{if gt .percent 9.0}}{{.window}}{{end}}{{end}}`, "5h\n", ""},
		{"the functions", `{{with index (index .accounts 0).windows 0}}{{percent .percent}} {{clock .resets_at}} {{duration .resets_at}}{{end}}`, "9 % 07:42 1 h 12 min\n", ""},
		{"of null they give nothing", `{{with index (index .accounts 0).windows 2}}[{{clock .resets_at}}{{duration .opened_at}}{{percent .estimated}}]{{end}}`, "[]\n", ""},
		{"what may be left out is there", `{{range .accounts}}{{len .warnings}}{{if .blocked_until}}x{{end}}{{end}}`, "0\n", ""},
		{"a newline of the template's own stays one", "{{.schema}}\n", "1\n", ""},
		{"foreign text is clean, the template's own stays", "{{\"\\x1b[1m\"}}{{(index .accounts 0).plan.name}}", "\x1b[1mPro\uFFFD[31m\n", ""},
		{"an unknown field", `{{.Accounts}}`, "", `no entry for key "Accounts"`},
		{"no time", `{{clock .schema}}`, "", "clock: a time such as .resets_at was expected, not 1"},
		{"no number", `{{percent .now}}`, "", "percent: a number was expected, not string"},
		{"no template", `{{range}}`, "", "missing value for range"},
	} {
		var out bytes.Buffer
		a := &app{stdout: &out, env: envOf(), now: func() time.Time { return boardNow }}
		print, err := a.templatePrinter(c.template)
		if err == nil {
			err = print(doc)
		}
		var f *failure
		if c.fault != "" && (!errors.As(err, &f) || f.code != exitUsage || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.fault)
		}
		if c.fault == "" && err != nil || out.String() != c.want {
			t.Errorf("%s: %q (%v), want %q", c.name, out.String(), err, c.want)
		}
	}
}

// A field that JSON may leave out must be among those that a template finds.
func TestTemplateLeftOut(t *testing.T) {
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if _, known := leftOut()[name]; strings.Contains(options, "omitempty") && !known {
				t.Errorf("%s.%s may be left out, and a template would fail on it", typ, f.Name)
			}
			inner := f.Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]() {
				look(inner)
			}
		}
	}
	look(reflect.TypeFor[quota.Statuses]())
}
