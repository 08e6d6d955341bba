// Command quotad models the quota windows of a GLM Coding Plan, counts the
// prompts that coding tools report, and says on the desktop when a window runs
// out and when it is full again.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"quotad/notify"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program behind its arguments and streams; it returns the
// exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if isHook(args) { // before anything is set up: a coding tool waits for it
		return hookMain(args[1:], stdin, stdout)
	}
	if code, hidden := notify.Apart(args, stdin, stdout, os.Getenv); hidden { // what speaks to the desktop
		return code
	}
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, env: os.Getenv, now: time.Now}
	if isStatusline(args) { // a coding tool waits for this one too
		return a.statuslineMain(args[1:])
	}
	root := a.rootCommand()
	root.AddCommand(a.hookCommand())
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = a.unhelped
	}
	return a.report(c.CommandPath(), err)
}
