package main

import (
	"fmt"
	"strings"

	"quotad/daemon/backfill"
	"quotad/quota"
)

// sum says what came of an import of tools.
func (t *toolsImport) sum() error {
	tell := t.tellText
	if t.flags.json {
		tell = t.tellJSON
	}
	if err := tell(); err != nil {
		return err
	}
	for _, k := range t.tools {
		for _, err := range k.failed {
			fmt.Fprintf(t.app.stderr, "quotad: note: %s: %s\n", k.title, clean(err.Error()))
		}
	}
	return t.verdict()
}

// verdict is an error where not all was done that was asked for.
func (t *toolsImport) verdict() error {
	rejected, unread, absent := 0, 0, ""
	for _, k := range t.tools {
		rejected += k.rejected
		unread += len(k.failed)
		if !t.flags.every && k.sources == 0 && len(k.failed) == 0 {
			absent = k.title
		}
	}
	switch {
	case unread > 0:
		return failed("see to these, then run it again: what is recorded counts once", "not all could be read: %s left out, in part or all of it", counted(unread, "record"))
	case rejected > 0:
		return failed(mendAndRepeat, "not all was taken: %s rejected", counted(rejected, "event"))
	case absent != "":
		return failed("quotad import --from all", "there are no sessions of %s here", absent)
	}
	return nil
}

func (t *toolsImport) tellText() error {
	if t.flags.dryRun {
		t.tellDays()
	}
	for _, k := range t.tools {
		fmt.Fprintf(t.app.stdout, "%s: %s\n", k.title, k.inWords(t.flags.dryRun))
		for _, l := range k.harvest.Tally().LeftOut {
			fmt.Fprintf(t.app.stdout, "  left out: %s\n", leftOutInWords(l))
		}
		if k.skipped > 0 {
			fmt.Fprintf(t.app.stdout, "  passed over: %s that cannot be made out, in %s\n", counted(int(k.skipped), "line"), firstFile(k.skippedIn))
		}
		if n := k.harvest.Tally().Guessed; n > 0 {
			fmt.Fprintf(t.app.stderr, "quotad: note: %s does not tell where %s went, taken as on the plan; --endpoint URL says otherwise\n", k.title, counted(n, "prompt"))
		}
	}
	return nil
}

// inWords is what a tool had, in a line.
func (k *toolKept) inWords(dryRun bool) string {
	t := k.harvest.Tally()
	switch {
	case k.sources == 0:
		return "no sessions here"
	case t.Wanted == backfill.Count{}:
		return "nothing of the plan in its sessions"
	}
	done := "recorded"
	if dryRun {
		done = "to record"
	}
	part := func(n, recorded, known int, what string) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("%s (%s %s, %s known already)", what, whole(recorded), done, whole(known))
	}
	text := join(", ",
		part(t.Wanted.Prompts, k.recorded.Prompts, t.Known.Prompts+k.again.Prompts, counted(t.Wanted.Prompts, "prompt")+" in "+counted(t.Sessions, "session")),
		part(t.Wanted.Answers, k.recorded.Answers, t.Known.Answers+k.again.Answers, counted(t.Wanted.Answers, "answer")),
		part(t.Wanted.Stops, k.recorded.Stops, t.Known.Stops+k.again.Stops, counted(t.Wanted.Stops, "refusal")))
	if t.Apart.Prompts > 0 {
		text += "; paid by the token and kept apart: " + counted(t.Apart.Prompts, "prompt")
	}
	return text
}

// firstFile names the first of some files, and says how many more there are.
func firstFile(files []string) string {
	text := clean(files[0])
	if more := len(files) - 1; more > 0 {
		text += " and " + counted(more, "other")
	}
	return text
}

// whole is a number with its thousands set apart.
func whole[N int | int64](n N) string { return grouped(quota.Amount(n) * quota.One) }

func leftOutInWords(l backfill.LeftOut) string {
	what := countInWords(l.Count)
	switch {
	case l.What == "":
		return what + " " + l.Reason.String()
	case l.Reason == backfill.OtherProvider:
		return what + " from " + clean(l.What)
	}
	return what + " of " + clean(l.What)
}

func countInWords(c backfill.Count) string {
	var said []string
	for _, of := range []struct {
		n    int
		what string
	}{{c.Prompts, "prompt"}, {c.Answers, "answer"}, {c.Stops, "refusal"}} {
		if of.n > 0 {
			said = append(said, counted(of.n, of.what))
		}
	}
	return strings.Join(said, ", ")
}

// days are what is or would be recorded, by day, tool and model.
func (t *toolsImport) days() []backfill.Day {
	events := make([]*quota.Event, len(t.todo))
	for i, d := range t.todo {
		events[i] = d.event
	}
	return backfill.Days(events, t.app.now().Location())
}

func (t *toolsImport) tellDays() {
	days := t.days()
	if len(days) == 0 {
		return
	}
	figures := table{
		screen: t.app.tableScreen(),
		head:   []string{"DAY", "TOOL", "MODEL", "PROMPTS", "ANSWERS", "INPUT", "CACHED", "OUTPUT"},
		spare:  []int{4, 6, 1}, flex: 2, right: []int{3, 4, 5, 6, 7},
	}
	all := backfill.Day{Day: "all"}
	var rows [][]string
	for _, d := range days {
		rows = append(rows, dayRow(d))
		all.Prompts += d.Prompts
		all.Answers += d.Answers
		all.Tokens.Input += d.Tokens.Input
		all.Tokens.Cached += d.Tokens.Cached
		all.Tokens.Output += d.Tokens.Output
	}
	if len(days) > 1 {
		rows = append(rows, dayRow(all))
	}
	fmt.Fprintln(t.app.stdout, figures.draw(rows))
}

func dayRow(d backfill.Day) []string {
	tool := ""
	if d.Tool != "" {
		tool = toolTitle(d.Tool)
	}
	return []string{
		d.Day, tool, clean(d.Model), whole(d.Prompts), whole(d.Answers),
		whole(d.Tokens.Input), whole(d.Tokens.Cached), whole(d.Tokens.Output),
	}
}

// importJSON is what came of an import of tools, for scripts.
type importJSON struct {
	DryRun bool             `json:"dry_run"`
	Tools  []importToolJSON `json:"tools"`
	Days   []backfill.Day   `json:"days"` // of what was or would be recorded
}

type importToolJSON struct {
	Tool     string         `json:"tool"`
	Sources  int            `json:"sources"`
	Sessions int            `json:"sessions"`
	Wanted   backfill.Count `json:"wanted"`
	Recorded backfill.Count `json:"recorded"` // with --dry-run: would be
	Apart    backfill.Count `json:"paid_per_token"`
	Skipped  int64          `json:"skipped_lines"`
	LeftOut  []leftOutJSON  `json:"left_out"`
	Failed   []string       `json:"failed"`
}

type leftOutJSON struct {
	Reason string `json:"reason"`
	What   string `json:"what,omitempty"`
	backfill.Count
}

func (t *toolsImport) tellJSON() error {
	doc := importJSON{DryRun: t.flags.dryRun, Days: t.days(), Tools: []importToolJSON{}}
	for _, k := range t.tools {
		n := k.harvest.Tally()
		tool := importToolJSON{
			Tool: k.name, Sources: k.sources, Sessions: n.Sessions, Wanted: n.Wanted, Recorded: k.recorded,
			Apart: n.Apart, Skipped: k.skipped, LeftOut: []leftOutJSON{}, Failed: []string{},
		}
		for _, l := range n.LeftOut {
			tool.LeftOut = append(tool.LeftOut, leftOutJSON{l.Reason.String(), clean(l.What), l.Count})
		}
		for _, err := range k.failed {
			tool.Failed = append(tool.Failed, clean(err.Error()))
		}
		doc.Tools = append(doc.Tools, tool)
	}
	return t.app.encode(doc)
}
