package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Help is written for a terminal of 80 columns: no line that describes a command
// is wider. Examples are commands, and as long as they are.
func TestHelpFitsATerminal(t *testing.T) {
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }}
	root := a.rootCommand()
	root.AddCommand(a.hookCommand())
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for line := range strings.SplitSeq(c.Long, "\n") {
			if n := cells(line); n > 80 {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, line)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}
