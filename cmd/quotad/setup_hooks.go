package main

import (
	"fmt"
	"strings"

	"quotad/daemon/hook/install"
)

// installHooks puts quotad into the settings of the tools that are here, after
// saying which files that changes.
func (s *setup) installHooks() error {
	if s.hooks == answeredNo {
		return nil
	}
	r := hooksRun{app: s.app, aim: install.ToInstall, binary: s.binary, statusLine: true}
	tools, err := r.chosenTools("quotad hooks install", nil)
	if err != nil {
		return err
	}
	if len(tools) == 0 {
		fmt.Fprintf(s.stdout, "\nNone of the coding tools that quotad knows is here. When one is: quotad hooks install\n")
		return nil
	}
	host, err := r.host("quotad setup")
	if err != nil {
		return err
	}
	var changed []string
	for _, t := range tools {
		for _, step := range install.Plan(r.setup(t, host), r.aim) {
			if step.Changes() {
				changed = append(changed, fmt.Sprintf("  %s: %s", t.Title, clean(step.Path)))
			}
		}
	}
	if len(changed) > 0 && s.hooks == unanswered {
		fmt.Fprintf(s.stdout, "\nTo have prompts reported, this would change\n%s\n", strings.Join(changed, "\n"))
		if agreed, err := s.confirm("Put quotad there?", true); err != nil || !agreed {
			return err
		}
	}
	fmt.Fprintln(s.stdout)
	return r.run(nil)
}
