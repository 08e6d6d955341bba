package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"text/template"
	"time"

	"quotad/notify"
)

// number is a JSON number as a template prints it: without an exponent.
type number float64

func (n number) String() string { return strconv.FormatFloat(float64(n), 'f', -1, 64) }

// templatePrinter prints a status document by a template of the user's.
func (a *app) templatePrinter(text string) (func([]byte) error, error) {
	const hint = "quotad status --help"
	var c clock
	t, err := template.New("--template").Option("missingkey=error").Funcs(c.functions()).Parse(text)
	if err != nil {
		return nil, usage(hint, "%v", err)
	}
	return func(doc []byte) error {
		var all map[string]any
		if err := json.Unmarshal(doc, &all); err != nil {
			return fmt.Errorf("the daemon's status cannot be read: %w", err)
		}
		now, _ := all["now"].(string)
		c := clock{loc: a.now().Location()}
		if err := c.now.UnmarshalText([]byte(now)); err != nil {
			c.now = a.now()
		}
		var out bytes.Buffer
		if err := t.Funcs(c.functions()).Execute(&out, templateData(all)); err != nil {
			return usage(`quotad status --json   (a template names fields as it does)`, "%v", executionError(err))
		}
		if b := out.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
			out.WriteByte('\n')
		}
		_, err := a.stdout.Write(out.Bytes())
		return err
	}, nil
}

// executionError takes off what text/template wraps around an error.
func executionError(err error) error {
	var exec template.ExecError
	if errors.As(err, &exec) {
		return exec.Err
	}
	return err
}

// leftOut are the fields that a document may lack; a template may ask for them
// all the same.
func leftOut() map[string]any {
	return map[string]any{
		"warnings": []any(nil), "estimated": nil, "refreshed_early_at": nil,
		"stopped": false, "crossed": number(0), "snoozed_until": nil, "key": "",
		"detected": false, "configured": "", "renews_at": nil, "ends_at": nil, "fee": nil,
		"low": nil, "high": nil, "elsewhere": nil,
		"money": nil, "unpriced": number(0), "guessed": number(0),
	}
}

// templateData makes JSON fit for a template: numbers print as they are
// written, texts are clean, and fields that may be left out are there.
func templateData(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = templateData(value)
		}
		for key, value := range leftOut() {
			if _, there := v[key]; !there {
				v[key] = value
			}
		}
	case []any:
		for i := range v {
			v[i] = templateData(v[i])
		}
	case float64:
		return number(v)
	case string:
		return clean(v)
	}
	return v
}

// functions are what a template may call beside those of text/template. Of a
// value that is null they give nothing.
func (c clock) functions() template.FuncMap {
	return template.FuncMap{
		"percent": func(v any) (string, error) {
			switch v := v.(type) {
			case nil:
				return "", nil
			case number:
				return strconv.Itoa(int(v)) + " %", nil
			}
			return "", fmt.Errorf("percent: a number was expected, not %T", v)
		},
		"clock": func(v any) (string, error) {
			return ofTime("clock", v, func(t time.Time) string { return notify.Clock(t, c.now, c.loc) })
		},
		"duration": func(v any) (string, error) {
			return ofTime("duration", v, func(t time.Time) string { return notify.Duration(t.Sub(c.now)) })
		},
	}
}

func ofTime(name string, v any, say func(time.Time) string) (string, error) {
	if v == nil {
		return "", nil
	}
	text, ok := v.(string)
	var t time.Time
	if !ok || t.UnmarshalText([]byte(text)) != nil {
		return "", fmt.Errorf("%s: a time such as .resets_at was expected, not %v", name, v)
	}
	return say(t), nil
}
