package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"quotad/quota"
)

// Remarks are what is no error, and yet perhaps not what was meant, one
// sentence each.
func (s Settings) Remarks() []string {
	var remarks []string
	for _, p := range s.Plans {
		if p.Unit == quota.Prompts && (len(p.Rates) > 0 || len(p.Tools) > 0 || p.Estimate > 0) {
			remarks = append(remarks, fmt.Sprintf("plan %s counts prompts: its rate, tool and estimate do nothing", p.ID))
		}
		if p.Unit == quota.Credits && len(p.Weights) > 0 {
			remarks = append(remarks, fmt.Sprintf("plan %s counts credits: its weight does nothing", p.ID))
		}
	}
	return append(remarks, s.providerRemarks()...)
}

// providerRemarks tell of accounts for which the provider would not be asked as
// was meant.
func (s Settings) providerRemarks() (remarks []string) {
	var keyless []string
	for _, a := range s.Accounts {
		p := s.Providers[a.Name]
		remarks = append(remarks, p.remarks(a.Name)...)
		if p.keyless() {
			keyless = append(keyless, a.Name)
		}
	}
	if len(keyless) > 1 {
		remarks = append(remarks, fmt.Sprintf("the accounts %s would all take QUOTAD_ZAI_KEY, and so show the same figures: "+
			"give each a key_file", strings.Join(keyless, ", ")))
	}
	return remarks
}

func (p Provider) remarks(account string) (remarks []string) {
	if len(p.KeyCommand) > 0 && slices.Contains([]string{"echo", "printf"}, filepath.Base(p.KeyCommand[0])) {
		remarks = append(remarks, fmt.Sprintf("account %s has its key in the clear, in key_command: write it into a file of mode 0600, "+
			"and name that with key_file", account))
	}
	if (p.Organization == "") != (p.Project == "") {
		remarks = append(remarks, fmt.Sprintf("account %s names half a team: the provider tells no figures without both organization and project", account))
	}
	if p.keyless() {
		remarks = append(remarks, fmt.Sprintf("account %s has no key_file and no key_command: the provider's key is taken from "+
			"the systemd credential zai-key or from QUOTAD_ZAI_KEY", account))
	}
	return remarks
}

// keyless reports whether the provider is asked with a key that the
// configuration does not name.
func (p Provider) keyless() bool {
	return p.Enabled && p.KeyFile == "" && len(p.KeyCommand) == 0
}
