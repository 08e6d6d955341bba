package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"quotad/config"
	"quotad/daemon/hook"
)

func (a *app) hooksCommand() *cobra.Command {
	c := group(&cobra.Command{
		Use:   "hooks",
		Short: "Have your coding tools report their prompts",
		Long: `Puts into the settings of your coding tools what has them report their prompts,
takes it out again, and looks at what is there. Without a TOOL each means the
tools that are here: their folder is there, or their program is on PATH.`,
		Example: `  quotad hooks install
  quotad hooks list
  quotad hooks check
  quotad hooks uninstall claude-code`,
	})
	c.AddCommand(a.hooksInstall(), a.hooksUninstall(), a.hooksList(), a.hooksCheck())
	return c
}

// unhooked are tools that people look for here, and what to do for them.
func unhooked() map[string]error {
	return map[string]error{
		"roo":   failed("quotad record --tool roo", "Roo Code has no hooks: count its prompts from a shell"),
		"crush": failed("quotad config set tool.crush.plan true", "Crush has no hook for prompts, and nothing is installed for it: the daemon reads its databases, once told that it is used on the plan"),
	}
}

// hookTool is a tool that hooks are installed for.
type hookTool struct {
	hook.Adapter
	present bool
}

// hookTools are all of them, in the order of their names.
func (a *app) hookTools() []hookTool {
	var tools []hookTool
	for _, known := range hook.Adapters() {
		if known.Setup != nil {
			tools = append(tools, hookTool{known, a.present(known.Setup(a.hookHost("quotad")))})
		}
	}
	slices.SortFunc(tools, func(x, y hookTool) int { return strings.Compare(x.Name, y.Name) })
	return tools
}

// hookHost is whom hooks are installed for.
func (a *app) hookHost(program string) hook.Host {
	return hook.Host{Home: a.env("HOME"), Env: a.env, Program: program}
}

// present reports whether a tool is here.
func (a *app) present(s hook.Setup) bool {
	return slices.ContainsFunc(s.Folders, func(dir string) bool {
		info, err := os.Stat(dir)
		return err == nil && info.IsDir()
	}) || slices.ContainsFunc(s.Programs, func(name string) bool {
		_, err := exec.LookPath(name)
		return err == nil
	})
}

// needHome sees that there is a home: without one the settings of tools would be
// looked for, and written, wherever the command is run.
func (a *app) needHome() error {
	switch home := a.env("HOME"); {
	case home == "":
		return failed("export HOME", "HOME is not set, and the settings of tools are in it")
	case !filepath.IsAbs(home):
		return failed("export HOME", "HOME is %q, which is no absolute path, and the settings of tools are in it", home)
	}
	return nil
}

// chosenTools are those named, or without names those that are here.
func (a *app) chosenTools(command string, names []string) ([]hookTool, error) {
	if err := a.needHome(); err != nil {
		return nil, err
	}
	var chosen []hookTool
	known := a.hookTools()
	for _, name := range names {
		i := slices.IndexFunc(known, func(t hookTool) bool { return t.Name == name })
		if i < 0 {
			return nil, unknownTool(command, name, known)
		}
		if !slices.ContainsFunc(chosen, func(t hookTool) bool { return t.Name == name }) {
			chosen = append(chosen, known[i])
		}
	}
	if len(names) == 0 {
		chosen = slices.DeleteFunc(known, func(t hookTool) bool { return !t.present })
	}
	return chosen, nil
}

// noTools is what is said where no tool is here.
func (a *app) noTools() error {
	_, err := fmt.Fprintf(a.stdout, "None of the coding tools that quotad knows is here: %s.\n", strings.Join(toolNames(a.hookTools()), ", "))
	return err
}

// unknownTool is the error of a name that nothing is installed for.
func unknownTool(command, name string, known []hookTool) error {
	if why, ok := unhooked()[name]; ok {
		return why
	}
	if slices.Contains([]string{"off", "warn", "block"}, name) {
		return usage(command+" --guard="+name, "%q is no tool", name)
	}
	names := toolNames(known)
	hint := "quotad hooks list"
	if near := config.Near(name, names); len(near) > 0 {
		hint = command + " " + near[0]
	}
	return usage(hint, "no tool %q is known; the known ones are %s", clean(name), strings.Join(names, ", "))
}

func toolNames(tools []hookTool) []string {
	names := make([]string, len(tools))
	for i, t := range tools {
		names[i] = t.Name
	}
	return names
}

// toolCompletions complete TOOL... with those that are not named yet.
func (a *app) toolCompletions(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []cobra.Completion
	for _, t := range a.hookTools() {
		if !slices.Contains(args, t.Name) {
			words = append(words, cobra.CompletionWithDesc(t.Name, t.Title))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
