package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"quotad/daemon"
	"quotad/daemon/api"
	"quotad/daemon/hook/install"
)

func (a *app) hooksList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [TOOL...]",
		Short: "List the coding tools, and where quotad is in their settings",
		Long: `Lists all coding tools that quotad can be installed for, or those named: whether
the tool is here, in which files quotad is, which program they call, and when
the tool's newest prompt of the last 30 days was, where a daemon answers.`,
		Example: `  quotad hooks list
  quotad hooks list --json | jq '.tools[] | select(.present and (.installed | not))'`,
		ValidArgsFunction: a.toolCompletions,
		RunE:              func(c *cobra.Command, args []string) error { return a.listHooks(c.Context(), args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// listedTool is a line of the list.
type listedTool struct {
	Tool      string     `json:"tool"`
	Title     string     `json:"title"`
	Present   bool       `json:"present"`
	Installed bool       `json:"installed"`
	Files     []string   `json:"files"`
	Programs  []string   `json:"programs"`
	Newest    *time.Time `json:"newest"` // of the last 30 days
}

func (a *app) listHooks(ctx context.Context, names []string, asJSON bool) error {
	err := a.needHome()
	if err != nil {
		return err
	}
	tools := a.hookTools()
	if len(names) > 0 {
		if tools, err = a.chosenTools("quotad hooks list", names); err != nil {
			return err
		}
	}
	newest := a.newestPrompts(ctx)
	listed := []listedTool{}
	for _, t := range tools {
		found := install.Look(t.Setup, a.hookHost("quotad"), nil)
		l := listedTool{
			Tool: t.Name, Title: t.Title, Present: t.present, Installed: len(found.Files) > 0,
			Files: append([]string{}, found.Files...), Programs: append([]string{}, found.Programs...),
		}
		if at, ok := newest[t.Name]; ok {
			l.Newest = &at
		}
		listed = append(listed, l)
	}
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(struct {
			Schema int          `json:"schema"`
			Tools  []listedTool `json:"tools"`
		}{1, listed})
	}
	_, err = fmt.Fprint(a.stdout, a.toolTable(listed))
	return err
}

func (a *app) toolTable(tools []listedTool) string {
	t := table{screen: a.tableScreen(), head: []string{"TOOL", "HERE", "INSTALLED IN", "CALLS", "NEWEST PROMPT"}, spare: []int{4, 3}, flex: 2}
	var rows [][]string
	for _, l := range tools {
		row := []string{l.Tool, yesNo(l.Present), "-", clean(strings.Join(l.Programs, ", ")), ""}
		if l.Installed {
			row[2] = clean(strings.Join(l.Files, ", "))
		}
		if l.Newest != nil {
			row[4] = (&examination{app: a}).told(*l.Newest)
		}
		rows = append(rows, row)
	}
	return t.draw(rows)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// newestPrompts is when the daemon last heard of each tool, in the last month;
// nil where none answers.
func (a *app) newestPrompts(ctx context.Context) map[string]time.Time {
	paths, err := a.paths()
	if err != nil {
		return nil
	}
	var about daemon.About
	client := api.Client{Sockets: paths.Sockets, Timeout: answerWithin}
	if client.Get(ctx, "/v1/about", nil, &about) != nil {
		return nil
	}
	return newestOf(&about)
}

func newestOf(about *daemon.About) map[string]time.Time {
	newest := map[string]time.Time{}
	for name, t := range about.Tools {
		newest[name] = t.Last
	}
	return newest
}
