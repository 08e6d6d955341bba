package config

import (
	"net/url"
	"slices"
	"strings"

	"quotad/quota"
)

// belongs reads the rows of [[belongs]]: which account an event belongs to.
func (s *Settings) belongs(rows []*table) {
	for _, t := range rows {
		b := quota.Belonging{
			Account: s.configured(t.need("account", "the name of an account that is configured")),
			Tool:    t.get("tool").condition("the name of a tool such as \"codex\""),
			Project: t.get("project").project(),
			Host:    t.get("host").host(),
			Key:     t.get("key").keyHash(),
		}
		if !slices.ContainsFunc([]string{"tool", "project", "host", "key"}, func(k string) bool { return t.get(k).set() }) && t.raw != nil {
			t.doc.fail(t.mark.Place().Key, "%s: no condition, and so all events would fit; expected one of tool, project, host, key", t.name)
		}
		s.Belongs = append(s.Belongs, b)
		t.close()
	}
}

// configured is the name of an account that there is.
func (s *Settings) configured(v value) string {
	name := v.text()
	var names []string
	for _, a := range s.Accounts {
		names = append(names, a.Name)
	}
	if v.isText() && !slices.Contains(names, name) {
		v.bad("%s is not a configured account; %s", quoted(name), suggest(name, names))
	}
	return name
}

// condition is a text that an event has to fit; an empty one would fit any.
func (v value) condition(what string) string {
	s := v.line()
	if v.raw == "" {
		v.bad("empty; expected %s", what)
	}
	return s
}

// project is a folder, or the name by which events tell a project.
func (v value) project() string {
	s := v.condition(`a folder such as "~/src/work"`)
	if s != "" && (strings.HasPrefix(s, ".") || strings.Contains(s, "/") && s[0] != '/' && !strings.HasPrefix(s, "~/")) {
		v.bad(`is relative; expected a folder that begins with "/" or "~/"`)
	}
	return s
}

// host is the name of a host, perhaps with a port.
func (v value) host() string {
	s := v.condition(`a name such as "open.bigmodel.cn"`)
	if u, err := url.Parse("https://" + s); s != "" && (err != nil || u.Host != s || u.Hostname() == "") {
		v.bad(`not a host; expected a name such as "open.bigmodel.cn" or "127.0.0.1:3456", without scheme and path`)
	}
	return s
}

// keyHash is the salted hash of a key. What stands there is not shown: it may be
// the key itself.
func (v value) keyHash() string {
	s := v.text()
	if v.isText() && !quota.IsKeyHash(s) {
		v.bad("not the hash of a key, 12 of 0-9 a-f; quotad doctor shows those that tools have used, and the key itself does not belong here")
	}
	return s
}
