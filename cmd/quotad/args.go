package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// exactArgs takes exactly n arguments, named the way the usage line names them
// ("KEY VALUE"); anything else is wrong use.
func exactArgs(n int, names string) cobra.PositionalArgs {
	return rangeArgs(n, n, names)
}

// noArgs takes none; an argument is wrong use.
func noArgs(c *cobra.Command, args []string) error { return rangeArgs(0, 0, "")(c, args) }

// rangeArgs takes at least low and at most high arguments; high below 0 is
// without bound.
func rangeArgs(low, high int, names string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		hint := c.CommandPath() + " --help"
		switch {
		case len(args) < low:
			return usage(hint, "%s needs %s", c.CommandPath(), names)
		case high == 0 && len(args) > 0:
			return usage(hint, "%s takes no argument, and %q is one", c.CommandPath(), args[0])
		case high >= 0 && len(args) > high:
			return usage(hint, "%s takes %s and nothing after it; %q is too much", c.CommandPath(), names, args[high])
		}
		return nil
	}
}

// group makes c a command that only holds others: alone it prints its help, and
// the name of a command that it does not hold is wrong use.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return noCommand(c, args[0])
	}
	return c
}

// noCommand is the failure of a name that no command of c has.
func noCommand(c *cobra.Command, name string) error {
	hint := c.CommandPath() + " --help"
	if c.SuggestionsMinimumDistance <= 0 {
		c.SuggestionsMinimumDistance = 2
	}
	near := slices.DeleteFunc(c.SuggestionsFor(name), func(name string) bool { return name == "hook" }) // for tools to call
	if len(near) > 0 {
		hint = c.CommandPath() + " " + near[0]
	}
	return usage(hint, "%s has no command %q", c.CommandPath(), name)
}

// helpOf makes "help NAME" and "NAME --help" fail where there is no such
// command: cobra shows the help of what holds it, and ends well.
func (a *app) helpOf(root *cobra.Command) *cobra.Command {
	shows := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c.HasSubCommands() && c.Flags().NArg() > 0 {
			a.unhelped = noCommand(c, c.Flags().Arg(0))
			return
		}
		shows(c, args)
	})
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		return root
	}
	told := help.Run
	help.RunE = func(c *cobra.Command, args []string) error {
		if of, rest, err := root.Find(args); err == nil && of.HasSubCommands() && len(rest) > 0 {
			return noCommand(of, rest[0])
		}
		told(c, args)
		return nil
	}
	return root
}

// flagError is the failure of a flag that is wrong. Where its value is of the
// wrong type it says what was expected, and not which function could not read it.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	what, why, _ := strings.Cut(text, ": strconv.")
	if what, ok := strings.CutSuffix(what, `" flag`); ok && why != "" {
		name, expected := what[strings.LastIndex(what, "--")+2:], "another value"
		switch flag := c.Flag(name); {
		case flag != nil && flag.Value.Type() == "int":
			expected = "a whole number"
			if strings.HasSuffix(why, "out of range") {
				expected = "a smaller whole number"
			}
		case flag != nil && flag.Value.Type() == "bool":
			expected = "true, false or the flag alone"
		}
		text = what + `" flag: ` + expected + " was expected"
	}
	return usage(c.CommandPath()+" --help", "%s", text)
}

// withHint gives an error that has no hint of its own one.
func withHint(err error, hint string) error {
	if f := failureOf(err); f.hint == "" {
		return &failure{code: f.code, err: err, hint: hint}
	}
	return err
}

// failed is a failure with the command that mends it.
func failed(hint, format string, args ...any) error {
	return &failure{code: exitFailed, err: fmt.Errorf(format, args...), hint: hint}
}
