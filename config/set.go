package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"quotad/config/layout"
)

// Set gives one setting a value in a configuration text, and leaves every other
// byte alone: comments, order, layout. The key is dotted ("notify.refresh"); a
// value that is no TOML of the right type is taken as a string. The result is
// one that [Parse] takes; name stands for the file in what is wrong with the
// rest of it.
func Set(name string, data []byte, key, val string) ([]byte, error) {
	if d, _ := open(name, data); len(d.errs) > 0 {
		return nil, d.err()
	}
	path, err := splitKey(key)
	if err != nil {
		return nil, err
	}
	var wrong error
	for _, lit := range literals(val) {
		out, err := layout.Put(data, path, lit)
		if err != nil {
			return nil, err
		}
		if _, err = Parse(name, out); err == nil {
			return out, nil
		}
		if wrong == nil {
			wrong = blame(name, data, err)
		}
	}
	return nil, wrong
}

// blame tells what is wrong with a value that cannot be set. It stands in no
// file, so that it has no place; what was wrong in the file before has one.
func blame(name string, before []byte, after error) error {
	_, err := Parse(name, before)
	known := messages(err)
	fresh := slices.DeleteFunc(messages(after), func(m string) bool { return slices.Contains(known, m) })
	if len(fresh) == 0 {
		return err
	}
	return errors.New(strings.Join(fresh, "\n"))
}

// splitKey takes a dotted key apart, by the rules of TOML.
func splitKey(key string) ([]string, error) {
	text := key + " = 0"
	kv, raw, ok := assignment(text)
	if !ok || raw != text {
		return nil, fmt.Errorf("%s is not a key; expected one such as account.default.plan or notify.refresh", quoted(key))
	}
	var path []string
	for it := kv.Key(); it.Next(); {
		path = append(path, string(it.Node().Data))
	}
	return path, nil
}

// literals are the ways to read a value: as TOML where it is that, and as the
// text of a string.
func literals(val string) []string {
	asText := layout.QuoteText(val)
	_, lit, ok := assignment("x = " + val)
	if d, _ := open("", []byte("x = "+val)); !ok || len(d.errs) > 0 {
		return []string{asText}
	}
	return []string{strings.TrimSpace(strings.TrimPrefix(lit, "x = ")), asText}
}

// assignment parses a text that is one "key = value" and nothing more.
func assignment(text string) (kv *unstable.Node, raw string, ok bool) {
	var p, rest unstable.Parser
	p.Reset([]byte(text))
	if !p.NextExpression() || p.Expression().Kind != unstable.KeyValue {
		return nil, "", false
	}
	kv = p.Expression()
	raw = string(p.Raw(kv.Raw))
	rest.Reset([]byte(text[kv.Raw.Offset+kv.Raw.Length:]))
	return kv, raw, !rest.NextExpression() && rest.Error() == nil
}
