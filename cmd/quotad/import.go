package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"quotad/daemon/transcript"
)

// importFlags are what import was asked for.
type importFlags struct {
	from                            []string
	every                           bool // all tools, rather than these
	since, until, endpoint, account string
	dryRun, json                    bool
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import {FILE|-|--from TOOL,...}",
		Short: "Record events from a file, or what coding tools have kept",
		Long: `Records events from a file, or from standard input for "-": one JSON object a
line, as "quotad events --json" writes them. It goes through the daemon, and
opens the database itself where none runs.

An event that was recorded before is a duplicate and counts once, so that an
import that broke off may simply be run again. A line that cannot be taken
spoils no other; it is named, and the exit code is 1 in the end.

With --from it reads instead what coding tools have kept of their sessions: the
prompts, tokens and refusals of GLM models. What a hook recorded already is
found again and not counted twice. What another provider answered is left out.
The tools are: ` + wordList(transcript.Tools()) + `.
Of Roo Code and Cline nothing can be imported.

Claude Code does not keep where its prompts went: those of a GLM model are taken
as on the plan, or as sent to --endpoint. The others keep the provider's name,
which tells.

` + timeForms,
		Example: `  quotad import events.ndjson
  ssh laptop quotad events --json | quotad import -
  quotad import --from all --dry-run
  quotad import --from claude-code,codex --since 2026-11-01`,
		Args: func(c *cobra.Command, args []string) error { return f.check(c, args) },
	}
	a.importFlags(c, &f)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(f.from) > 0 {
			return a.importTools(c.Context(), f)
		}
		return a.importFile(c.Context(), args[0], f.dryRun)
	}
	return c
}

func (a *app) importFlags(c *cobra.Command, f *importFlags) {
	flags := c.Flags()
	flags.StringSliceVar(&f.from, "from", nil, "read what these coding `tools` have kept, or \"all\"")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be recorded and what is wrong, and record nothing")
	flags.StringVar(&f.since, "since", "", "with --from: only what was at this `time` or later")
	flags.StringVar(&f.until, "until", "", "with --from: only what was before this `time`")
	flags.StringVar(&f.endpoint, "endpoint", "", "with --from: `URL` that the tools talked to, where they do not tell")
	flags.BoolVar(&f.json, "json", false, "with --from: say what came of it as JSON")
	a.accountFlag(c, &f.account, "with --from: the `account` all of it belongs to (default as [[belongs]] in the configuration says)")
	complete(c, "from", completeTools)
}

const importHint = "quotad import --help"

// check tells which arguments and flags do not go together.
func (f *importFlags) check(c *cobra.Command, args []string) error {
	if !c.Flags().Changed("from") {
		for _, name := range []string{"since", "until", "endpoint", "json", "account"} {
			if c.Flags().Changed(name) {
				return usage(importHint, "--%s goes with --from, and not with a file of events", name)
			}
		}
		return exactArgs(1, "a FILE of events, or - for standard input, or --from TOOL")(c, args)
	}
	if len(args) > 0 {
		return usage(importHint, "--from reads what tools have kept, and %q is a file: give one of them", args[0])
	}
	var err error
	if f.from, f.every, err = toolsOf(f.from); err != nil {
		return err
	}
	if f.endpoint != "" && !validEndpoint(f.endpoint) {
		return usage(importHint, noAddress, f.endpoint)
	}
	return nil
}

const everyTool = "all"

// toolsOf are the tools that were asked for, each once, and whether that is
// whatever is there.
func toolsOf(asked []string) (tools []string, every bool, err error) {
	known := transcript.Tools()
	for _, name := range asked {
		name = strings.TrimSpace(name)
		switch {
		case name == everyTool:
			return known, true, nil
		case !slices.Contains(known, name):
			return nil, false, usage(importHint, "--from: nothing can be read of %q; the tools are %s, or %q", name, wordList(known), everyTool)
		case !slices.Contains(tools, name):
			tools = append(tools, name)
		}
	}
	if len(tools) == 0 {
		return nil, false, usage(importHint, "--from: a tool is needed: %s, or %q", wordList(known), everyTool)
	}
	return tools, false, nil
}

// validEndpoint reports whether an address is one to record: a key in it would
// be recorded as well.
func validEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && isAddress(text) && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// noAddress is the error of an --endpoint that is none.
const noAddress = "--endpoint: %q is no address; one such as https://api.z.ai/api/anthropic was expected"

// isAddress reports whether a tool can talk to it: what is left of one without
// its scheme is taken for another service's.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// completeTools completes a list of tools.
func completeTools(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	before := ""
	if i := strings.LastIndexByte(typed, ','); i >= 0 {
		before = typed[:i+1]
	}
	var words []cobra.Completion
	for _, name := range transcript.Tools() {
		if !slices.Contains(strings.Split(before, ","), name) {
			words = append(words, before+name)
		}
	}
	if before == "" {
		words = append(words, everyTool)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// wordList is "a, b and c".
func wordList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
