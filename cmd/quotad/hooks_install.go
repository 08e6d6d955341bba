package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"quotad/daemon/hook"
	"quotad/daemon/hook/install"
)

// hooksRun is one run of hooks install or uninstall.
type hooksRun struct {
	*app
	aim          install.Aim
	binary       string
	guard        guardFlag
	dryRun       bool
	statusLine   bool
	noStatusLine bool

	spoiled []error // of files that were left as they are
}

func (a *app) hooksInstall() *cobra.Command {
	r := hooksRun{app: a, aim: install.ToInstall}
	c := &cobra.Command{
		Use:   "install [TOOL...]",
		Short: "Put quotad into the settings of coding tools",
		Long: `Adds the hooks that report your prompts to the settings of your coding tools,
and the status line where you have none. Comments, order and everything else in
these files stay, a backup of what you had is kept beside each
(NAME.quotad-backup), and older entries of quotad are brought up to date.

With --guard a tool tells you where little is left of the plan (warn), or holds
a prompt back that the provider would refuse (block). Without it what is there
stays.

A file that is a link, read-only or not valid is left as it is: what belongs
in it is shown.`,
		Example: `  quotad hooks install
  quotad hooks install --dry-run
  quotad hooks install claude-code --guard=warn --no-status-line`,
		ValidArgsFunction: a.toolCompletions,
		RunE:              func(_ *cobra.Command, args []string) error { return r.run(args) },
	}
	flags := c.Flags()
	flags.Var(&r.guard, "guard", "`kind` of guard where there is little room, or none: off, warn or block")
	flags.Lookup("guard").NoOptDefVal = hook.GuardWarn.String()
	fixedCompletion(c, "guard", "off", "warn", "block")
	flags.BoolVar(&r.dryRun, "dry-run", false, "show what would change, and write nothing")
	flags.BoolVar(&r.statusLine, "status-line", true, "set the status line where none is set")
	flags.BoolVar(&r.noStatusLine, "no-status-line", false, "leave the status line alone")
	flags.StringVar(&r.binary, "binary", "", "`program` the tools call (default this one)")
	return c
}

func (a *app) hooksUninstall() *cobra.Command {
	r := hooksRun{app: a, aim: install.ToUninstall, statusLine: true}
	c := &cobra.Command{
		Use:   "uninstall [TOOL...]",
		Short: "Take quotad out of the settings of coding tools",
		Long: `Takes out what hooks install put in, and nothing else. A file in which nothing
else has changed since is again what it was, to the byte.`,
		Example: `  quotad hooks uninstall
  quotad hooks uninstall claude-code --dry-run`,
		ValidArgsFunction: a.toolCompletions,
		RunE:              func(_ *cobra.Command, args []string) error { return r.run(args) },
	}
	c.Flags().BoolVar(&r.dryRun, "dry-run", false, "show what would change, and write nothing")
	return c
}

// guardFlag is --guard: whether it was given, and what it says.
type guardFlag struct {
	given bool
	hook.Guard
}

// Set implements pflag.Value.
func (g *guardFlag) Set(word string) error {
	for _, known := range []hook.Guard{hook.GuardOff, hook.GuardWarn, hook.GuardBlock} {
		if word == known.String() {
			g.given, g.Guard = true, known
			return nil
		}
	}
	return errors.New("off, warn or block was expected")
}

func (g *guardFlag) Type() string { return "guard" }

func (g *guardFlag) String() string {
	if !g.given {
		return ""
	}
	return g.Guard.String()
}

// run goes through the tools; a file that is broken spoils no other.
func (r *hooksRun) run(names []string) error {
	command := "quotad hooks " + [...]string{"install", "uninstall"}[r.aim]
	tools, err := r.chosenTools(command, names)
	if err != nil {
		return err
	}
	host := r.hookHost("quotad")
	if r.aim == install.ToInstall {
		if host, err = r.host(command); err != nil {
			return err
		}
	}
	if len(tools) == 0 {
		return r.noTools()
	}
	for _, t := range tools {
		r.tool(t, host)
	}
	if len(r.spoiled) > 0 {
		return &spoiledError{r.spoiled}
	}
	return nil
}

// spoiledError is that some files were left as they are, while the others were not.
type spoiledError struct{ each []error }

func (e *spoiledError) Error() string {
	if len(e.each) == 1 {
		return e.each[0].Error()
	}
	return fmt.Sprintf("%s were left as they are; the first: %v", counted(len(e.each), "file"), e.each[0])
}

// host is what the tools are to call, and with which guard.
func (r *hooksRun) host(command string) (hook.Host, error) {
	program, err := lastingProgram(r.binary, command, "the tools would call")
	if err != nil {
		return hook.Host{}, err
	}
	host := r.hookHost(program)
	if !hook.Ours(host.CommandLine("x")) {
		return host, failed("mv "+program+" quotad", "a program of the name %s would not be found again in the settings of tools", program)
	}
	host.Guard = r.guard.Guard
	return host, nil
}

// setup is what belongs in the files of a tool.
func (r *hooksRun) setup(t hookTool, host hook.Host) hook.Setup {
	if r.aim == install.ToInstall {
		host = install.Keep(t.Setup, host, r.guard.given)
	}
	s := t.Setup(host)
	if r.aim == install.ToInstall && (!r.statusLine || r.noStatusLine) {
		s = install.WithoutStatusLine(s)
	}
	return s
}

func (r *hooksRun) tool(t hookTool, host hook.Host) {
	s := r.setup(t, host)
	changed := false
	for _, step := range install.Plan(s, r.aim) {
		changed = r.step(t, step) || changed
	}
	if changed && r.aim == install.ToInstall {
		r.recordHooks(t.Name)
	}
	if r.aim == install.ToInstall {
		r.notes(t, s)
	}
}

// step does what is to be done with a file, and says what that was. It reports
// whether the file was changed.
func (r *hooksRun) step(t hookTool, step install.Step) bool {
	if r.dryRun && step.Changes() {
		fmt.Fprintf(r.stdout, "%s: %s: would be %s\n", t.Title, clean(step.Path), step.Reason)
		fmt.Fprint(r.stdout, paintDiff(r.screen(), step))
		return false
	}
	err := step.Err
	if err == nil {
		err = step.Apply(r.now())
	}
	if err != nil {
		r.spoiled = append(r.spoiled, err)
		fmt.Fprintf(r.stdout, "%s: %s: left alone\n  %s\n", t.Title, clean(step.Path), clean(err.Error()))
		if len(step.ByHand) > 0 {
			fmt.Fprintf(r.stdout, "  what belongs in it:\n    %s\n", strings.Join(step.ByHand, "\n    "))
		}
		return false
	}
	fmt.Fprintf(r.stdout, "%s: %s: %s\n", t.Title, clean(step.Path), step.Reason)
	for _, hint := range step.Hints {
		fmt.Fprintf(r.stdout, "  %s\n", clean(hint))
	}
	return step.Changes()
}

// notes tells what is left for the person to do.
func (r *hooksRun) notes(t hookTool, s hook.Setup) {
	notes := s.Notes
	if s.Trust != "" {
		notes = append([]string{s.Trust}, notes...)
	}
	if s.Mute && !r.saidOfPlan(t.Name) {
		notes = append(notes, fmt.Sprintf("%s cannot tell what it talks to: its prompts count on the plan; if that is wrong: quotad config set tool.%s.plan false", t.Title, t.Name))
	}
	for _, note := range notes {
		fmt.Fprintf(r.stdout, "  note: %s\n", note)
	}
}

// saidOfPlan reports whether the configuration says if a tool is on the plan.
func (a *app) saidOfPlan(tool string) bool {
	s, err := a.settings()
	if err != nil {
		return false
	}
	_, said := s.Rules.Tools[tool]
	return said
}
