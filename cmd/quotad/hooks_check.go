package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon/hook/install"
	"quotad/notify"
)

func (a *app) hooksCheck() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "check [TOOL...]",
		Short: "Look for hooks that are missing, changed, doubled or not run",
		Long: `Looks at the settings of the coding tools that are here, or of those named, and
at those of the project in the present folder: whether each tool calls quotad
once for a prompt, whether what it calls is there, and whether it runs hooks at
all. To each finding it names the command that mends it.

Exit code 0 says that there is no finding, 1 that there is.`,
		Example: `  quotad hooks check
  quotad hooks check codex --json`,
		ValidArgsFunction: a.toolCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return a.checkHooks(c.Context(), args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func (a *app) checkHooks(ctx context.Context, names []string, asJSON bool) error {
	tools, err := a.chosenTools("quotad hooks check", names)
	if err != nil {
		return err
	}
	if len(tools) == 0 && !asJSON {
		return a.noTools()
	}
	x := examination{app: a, ctx: ctx, findings: a.hookFindings(tools, a.newestPrompts(ctx))}
	return x.conclude(asJSON, warning, "finding")
}

// hookFindings is what is to be said of the hooks of some tools. Newest is when
// the daemon last heard of each; nil where none answers.
func (a *app) hookFindings(tools []hookTool, newest map[string]time.Time) []finding {
	x := examination{app: a}
	mine, err := thisProgram()
	if err != nil {
		mine = ""
	}
	installed := a.hookRecord()
	for _, t := range tools {
		x.check = t.Title
		found := install.Look(t.Setup, a.hookHost(mine), a.projectFolders())
		for _, p := range found.Problems {
			x.problem(t, p)
		}
		if len(found.Problems) == 0 {
			verb := "calls"
			if len(found.Files) > 1 {
				verb = "call"
			}
			x.ok("%s %s %s%s", strings.Join(found.Files, ", "), verb, strings.Join(found.Programs, ", "), x.heardOf(t, newest))
		}
		x.silent(t, found, installed[t.Name], newest)
	}
	return x.findings
}

// heardOf is when the daemon last heard of a tool, where one answers.
func (x *examination) heardOf(t hookTool, newest map[string]time.Time) string {
	at, heard := newest[t.Name]
	switch {
	case newest == nil:
		return ""
	case !heard:
		return "; nothing was heard of it in the last 30 days"
	}
	return "; last heard of " + x.told(at)
}

// problem is a finding for a problem.
func (x *examination) problem(t hookTool, p install.Problem) {
	again := "quotad hooks install " + t.Name
	switch p.Kind {
	case install.Missing:
		x.warn(again, "its prompts are not counted: %s: %s", p.Path, p.Text)
	case install.NoProgram:
		x.fault(again, "its prompts are not counted: %s: %s", p.Path, p.Text)
	case install.SwitchedOff:
		x.warn("${EDITOR:-vi} "+p.Path, "its prompts are not counted: %s: %s", p.Path, p.Text)
	case install.Twice:
		x.warn(mendTwice(again, p), "%s: %s", p.Path, p.Text)
	case install.Unreadable:
		x.warn("${EDITOR:-vi} "+p.Path, "%s: %s", p.Path, p.Text)
	case install.Changed, install.OtherProgram:
		x.warn(again, "%s: %s", p.Path, p.Text)
	}
}

// mendTwice is what mends entries that are doubled: files of projects and
// plugins are not for quotad to write.
func mendTwice(again string, p install.Problem) string {
	if p.Foreign {
		return "take quotad out of " + p.Path
	}
	return again
}

// heardFor is how far back a daemon tells of tools. What was installed before
// that may have been heard of long ago.
const heardFor = 30 * 24 * time.Hour

// silent looks at whether a tool that has to be told to trust its hooks has run
// them since they were installed.
func (x *examination) silent(t hookTool, found install.Looked, installed time.Time, newest map[string]time.Time) {
	trust, since := t.Setup(x.hookHost("quotad")).Trust, x.now().Sub(installed)
	if trust == "" || newest == nil || since > heardFor || len(found.Files) == 0 || newest[t.Name].After(installed) {
		return
	}
	x.warn("open "+t.Title, "no event since it was installed, %s ago: %s", notify.Duration(since), trust)
}

// projectFolders are the present folder and the root of its repository, where
// tools look for settings of a project. The home folder is none: what is there
// is the user's.
func (a *app) projectFolders() []string {
	dir, err := os.Getwd()
	if err != nil {
		return nil
	}
	var folders []string
	for _, folder := range []string{dir, repositoryOf(dir)} {
		if folder != "" && folder != filepath.Clean(a.env("HOME")) && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// repositoryOf is the root of the git repository around a folder; "" where there
// is none.
func repositoryOf(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}
