package main

import (
	"fmt"
	"slices"
	"strings"

	"quotad/notify"
	"quotad/quota"
)

// portion is what steps of one sort come to: those that the same row priced, all
// readings, all stops.
type portion struct {
	portionKey
	from, until string // days between which the row holds
	count       int
	sum         quota.Amount
}

type portionKey struct {
	kind          quota.Kind
	model         string
	peak          bool
	price, source string
}

// portionsOf sums steps up, the largest part first. Steps that changed nothing are
// left out.
func portionsOf(steps []quota.ExplanationStep) (list []portion) {
	place := map[portionKey]int{}
	for _, s := range steps {
		key, count := portionKey{kind: s.Kind}, 1
		if b := s.Basis; b != nil {
			key = portionKey{kind: s.Kind, model: s.Model, peak: b.Peak, price: b.Price, source: b.Source}
			count = b.Count
		} else if s.Amount == 0 {
			continue
		}
		i, there := place[key]
		if !there {
			i = len(list)
			place[key] = i
			list = append(list, portion{portionKey: key})
			if b := s.Basis; b != nil {
				list[i].from, list[i].until = dayIn(b.From), dayIn(b.Until)
			}
		}
		list[i].count, list[i].sum = list[i].count+count, list[i].sum+s.Amount
	}
	slices.SortStableFunc(list, func(a, b portion) int {
		return int(min(max(b.sum-a.sum, -1), 1))
	})
	return list
}

// making is a table of what the number is made of, each part with the number of
// the row that priced it.
func (x *explained) making() []string {
	if len(x.portions) == 0 {
		return nil
	}
	t := table{screen: x.screen, head: []string{"  made of", "model", "at", "each", "sum", ""}, spare: []int{2, 3}, flex: 1, right: []int{3, 4}}
	var rows [][]string
	rest := x.Window.Used
	for i := range x.portions {
		p := &x.portions[i]
		rest -= p.sum
		rows = append(rows, []string{"  " + x.partWords(p), clean(p.model), x.hoursOf(p), p.each(), signed(p.sum), x.sources.cite(p.row())})
	}
	if words := x.restWords(rest); words != "" {
		rows = append(rows, []string{"  " + words, "", "", "", signed(rest), ""})
	}
	t.layout(rows)
	lines := []string{"", strings.TrimRight(t.line(t.head, dim), "\n")}
	for _, row := range rows {
		lines = append(lines, strings.TrimRight(t.line(row, plain), "\n"))
	}
	return lines
}

// partWords is "12 prompts", "130 answers".
func (x *explained) partWords(p *portion) string {
	estimated := ""
	if x.Plan.Unit == quota.Credits && p.kind == quota.KindPrompt {
		estimated = ", estimated"
	}
	return counted(p.count, map[quota.Kind]string{
		quota.KindPrompt: "prompt", quota.KindUsage: "answer", quota.KindTool: "MCP call",
		quota.KindReading: "reading", quota.KindExhausted: "stop", quota.KindVoid: "void",
	}[p.kind]) + estimated
}

// hoursOf says at which price a model was billed.
func (x *explained) hoursOf(p *portion) string {
	switch {
	case p.model == "" || !strings.Contains(p.price, "off-peak"):
		return ""
	case p.peak:
		return "peak"
	}
	return "off-peak"
}

// each is what one of a part cost, "" where they cost different sums.
func (p *portion) each() string {
	n := quota.Amount(p.count)
	if p.price == "" || p.kind == quota.KindUsage || n == 0 || p.sum%n != 0 {
		return ""
	}
	return grouped(p.sum / n)
}

// row is the price that was taken, since when it holds, and where it is from.
func (p *portion) row() string {
	text := p.price
	if p.from != "" {
		text += ", from " + p.from
	}
	if p.until != "" {
		text += ", until " + p.until
	}
	return join(": ", text, p.source)
}

// restWords names what the steps do not add up to; "" where they do.
func (x *explained) restWords(rest quota.Amount) string {
	switch {
	case rest == 0:
		return ""
	case rest < 0 && x.Window.Kind == quota.Rolling:
		return "came back since"
	case x.Window.Stopped:
		return "as the provider said"
	}
	return "before these steps"
}

// openedBy says what opened the window, or from what it steps.
func (x *explained) openedBy() string {
	at := x.Window.OpenedAt
	switch {
	case at == nil || x.Omitted > 0:
		return ""
	case x.Window.Kind == quota.Anchored || x.Window.Kind == quota.Monthly:
		return x.stepsFrom()
	}
	for _, s := range x.Steps {
		if !s.At.Equal(*at) {
			continue
		}
		what := string(s.Kind)
		if s.Tool != "" {
			what += " of " + clean(s.Tool)
		}
		return "opened by the " + what
	}
	return "as the provider told"
}

func (x *explained) stepsFrom() string {
	switch anchor := x.Plan.Anchor; {
	case anchor == nil:
		return ""
	case x.Plan.AnchorAssumed:
		return "stepping from the first event, " + notify.Clock(*anchor, x.now, x.loc)
	default:
		return fmt.Sprintf("stepping from the subscription, %s", anchor.In(x.loc).Format("2 Jan 2006 15:04"))
	}
}
