package config

import (
	"net"
	"slices"
	"strings"
)

// provider reads how the provider's own reading is got.
func provider(t *table) Provider {
	p := Provider{
		Enabled: t.get("enabled").flag(false),
		Site:    t.get("site").choice("z.ai", "z.ai", "bigmodel.cn"),
		KeyFile: t.get("key_file").path(),
	}
	command := t.get("key_command")
	p.KeyCommand = command.command()
	if p.KeyFile != "" && len(p.KeyCommand) > 0 {
		command.bad("key_file is set too; expected one of the two")
	}
	p.BaseURL = t.get("base_url").baseURL()
	p.Organization, p.Project = t.get("organization").header(), t.get("project").header()
	t.noKeys()
	t.close()
	return p
}

// header is a word that a header of HTTP can hold.
func (v value) header() string {
	s := v.line()
	if v.raw == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		v.bad("expected an id of the provider's: one word in ASCII")
	}
	return s
}

// noKeys complains of a key in the clear, whose value it does not show: a
// configuration is copied, shown and committed.
func (t *table) noKeys() {
	for _, name := range t.names() {
		bare := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
		if !slices.Contains([]string{"key", "apikey", "zaikey", "token", "authtoken", "secret"}, bare) {
			continue
		}
		v := t.get(name)
		t.doc.fail(v.mark.Place().Key, "%s: unknown key; the provider's key does not belong into the configuration: "+
			"write it into a file of mode 0600, and name that file with key_file", v.name)
	}
}

func (v value) baseURL() string {
	s := v.text()
	if s == "" {
		return ""
	}
	if u := v.url(s); u != nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		v.bad("plain http would send the key in the clear; expected https, or a loopback address such as http://127.0.0.1:8080")
	}
	return s
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
