package main

import (
	"bytes"
	"encoding/json"
	"strings"
)

// waybarBlock is the JSON that Waybar reads from a module with "return-type":
// "json" (waybar-custom(5)).
type waybarBlock struct {
	Text       string   `json:"text"`
	Alt        string   `json:"alt"` // picks one of format-icons
	Tooltip    string   `json:"tooltip"`
	Class      []string `json:"class"`
	Percentage int      `json:"percentage"`
}

// waybarWidth is how wide a tooltip may be, in columns.
const waybarWidth = 64

// drawWaybar draws one line of JSON. Text and tooltip are Pango markup.
func drawWaybar(g *glance) string {
	block := waybarBlock{
		Text: escapePango(joined(g.parts(lengthTerse), bare)),
		Alt:  g.level().String(), Class: g.waybarClass(), Tooltip: g.waybarTooltip(),
	}
	if w := g.worst(); w != nil {
		block.Percentage = w.percent
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(block) // plain data: this cannot fail
	return out.String()
}

// waybarClass is the level, and what else a style may want to show.
func (g *glance) waybarClass() []string {
	class := []string{g.level().String()}
	var assumed, warned bool
	for i := range g.briefs {
		assumed, warned = assumed || g.briefs[i].assumed, warned || g.briefs[i].warned
	}
	if assumed {
		class = append(class, "assumed")
	}
	if warned {
		class = append(class, "warning")
	}
	return class
}

// waybarTooltip is what `quotad status` prints, in letters of one width.
func (g *glance) waybarTooltip() string {
	if len(g.briefs) == 0 {
		return escapePango(strings.Join(g.mends(), "\n"))
	}
	b := board{screen: screen{width: waybarWidth, blocks: g.screen.blocks}, clock: g.clock}
	return "<tt>" + escapePango(strings.TrimSuffix(b.draw(g.all), "\n")) + "</tt>"
}

// escapePango makes text stand for itself in Pango markup.
func escapePango(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
