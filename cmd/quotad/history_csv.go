package main

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"quotad/quota"
)

// historyColumns are the same whatever is asked for; what does not apply is
// empty.
var historyColumns = []string{
	"account", "plan", "unit", "from", "until", "by", "key", "rest", "prompts", "answers", "mcp_calls",
	"tokens_input", "tokens_cached", "tokens_output", "charged", "estimated", "stops", "apart",
	"spent_usd", "plan_worth_usd",
}

// writeHistory writes a history as RFC 4180 has it.
func writeHistory(out io.Writer, h *quota.History) error {
	w := csv.NewWriter(out)
	w.UseCRLF = true
	if err := w.Write(historyColumns); err != nil {
		return err
	}
	for i := range h.Rows {
		if err := w.Write(historyRecord(h, &h.Rows[i])); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func historyRecord(h *quota.History, row *quota.HistoryRow) []string {
	n := func(i int64) string { return strconv.FormatInt(i, 10) }
	return []string{
		h.Account, inCell(h.Plan.ID), string(h.Plan.Unit), inUTC(row.From), inUTC(row.Until),
		string(h.By), inCell(row.Key), strconv.FormatBool(row.Rest), n(row.Prompts), n(row.Answers), n(row.Calls),
		n(row.Tokens.Input), n(row.Tokens.Cached), n(row.Tokens.Output),
		row.Charged.String(), row.Estimated.String(), n(row.Stops), n(row.Apart),
		row.Spent.String(), row.Worth.String(),
	}
}

func inUTC(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// inCell keeps a text from outside from being run: a spreadsheet takes what
// begins like a formula for one.
func inCell(text string) string {
	text = clean(text)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}
