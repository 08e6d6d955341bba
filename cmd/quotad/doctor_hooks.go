package main

import (
	"slices"
	"time"
)

// hooks looks at the coding tools that are here.
func (x *examination) hooks() {
	tools := slices.DeleteFunc(x.hookTools(), func(t hookTool) bool { return !t.present })
	if len(tools) == 0 {
		x.ok("no coding tool that hooks can be installed for is here")
		return
	}
	var newest map[string]time.Time
	if x.about != nil {
		newest = newestOf(x.about)
	}
	x.findings = append(x.findings, x.hookFindings(tools, newest)...)
}
