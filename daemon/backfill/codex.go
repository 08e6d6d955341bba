package backfill

import (
	"net/url"

	"github.com/pelletier/go-toml/v2"
)

// CodexURLs reads from Codex's config.toml what the user's providers are. What
// cannot be read tells of none.
func CodexURLs(settings []byte) map[string]string {
	var file struct {
		Providers map[string]struct {
			URL string `toml:"base_url"`
		} `toml:"model_providers"`
	}
	if toml.Unmarshal(settings, &file) != nil {
		return nil
	}
	urls := map[string]string{}
	for id, p := range file.Providers {
		urls[id] = withoutSecrets(p.URL)
	}
	return urls
}

// withoutSecrets is a URL without its user and query, where keys stand.
func withoutSecrets(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
