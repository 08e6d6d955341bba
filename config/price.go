package config

import (
	"slices"

	"quotad/quota"
)

// Money says what that costs which is paid by the token.
type Money struct {
	Prices string     // name of the price table
	Own    []OwnPrice // the rows of [[price]], in the order of the file
}

// OwnPrice is a price of the user's: a model's, or where that names none, a
// tool's.
type OwnPrice struct {
	Table string // it belongs to; "": to the one in use
	Model quota.Price
	Tool  quota.ToolPrice
}

// maxPrice is far above what a million tokens cost, or one use of a tool.
const maxPrice = 100_000 * quota.One

// PriceTable is the table in use. Whatever it does not name costs what the
// official table says. Of rows for the same the later one wins, and the user's
// own win over built-in ones.
func (m Money) PriceTable() quota.Prices {
	var t quota.Prices
	for _, name := range slices.Compact([]string{quota.PricesOfficial, m.Prices}) {
		t = m.own(name).Over(builtinPrices(name).Over(t))
	}
	return t
}

// own are the user's rows of a table.
func (m Money) own(name string) quota.Prices {
	p := quota.Prices{Name: name}
	for _, o := range m.Own {
		switch {
		case o.Table != name && (o.Table != "" || name != m.Prices):
		case o.Model.Model != "":
			p.Rows = append(p.Rows, o.Model)
		default:
			p.Tools = append(p.Tools, o.Tool)
		}
	}
	return p
}

func builtinPrices(name string) quota.Prices {
	for _, p := range quota.PriceTables() {
		if p.Name == name {
			return p
		}
	}
	return quota.Prices{Name: name}
}

// money reads [money] and [[price]].
func money(t *table, rows []*table) Money {
	m := Money{Prices: quota.PricesOfficial}
	known := []string{}
	for _, p := range quota.PriceTables() {
		known = append(known, p.Name)
	}
	for _, row := range rows {
		o := row.price()
		if m.Own = append(m.Own, o); o.Table != "" && !slices.Contains(known, o.Table) {
			known = append(known, o.Table)
		}
	}
	if v := t.get("prices"); v.set() {
		if m.Prices = v.text(); v.isText() && !slices.Contains(known, m.Prices) {
			v.bad("%s is not a price table; %s", quoted(m.Prices), suggest(m.Prices, known))
		}
	}
	t.close()
	return m
}

// price reads one [[price]]: a model with what a million of its tokens cost, or
// a tool with what a use of it does.
func (t *table) price() (o OwnPrice) {
	if v := t.get("table"); v.set() {
		if o.Table = v.text(); v.isText() && !quota.ValidAccount(o.Table) { // the same letters
			v.bad("%s is not a name of a price table; expected 1 to 64 of a-z A-Z 0-9 . _ -", quoted(o.Table))
		}
	}
	valid := t.span()
	if tool := t.get("tool"); tool.set() {
		o.Tool = quota.ToolPrice{
			Name:    t.named("tool", `the name of a tool, or "*" for any`),
			PerCall: t.need("per_call", "the US$ that one use costs").amount(0, 0, maxPrice),
			Valid:   valid, Source: source,
		}
		t.close()
		return o
	}
	usd := func(key string) quota.Amount {
		return t.need(key, "the US$ that a million of these tokens cost").amount(0, 0, maxPrice)
	}
	o.Model = quota.Price{Model: t.model("model"), Input: usd("input"), Output: usd("output"), Valid: valid, Source: source}
	o.Model.Cached = t.get("cached").amount(o.Model.Input, 0, maxPrice)
	t.close()
	return o
}

func (w *writer) money(m Money) {
	w.table("money")
	w.put("prices", m.Prices)
	for _, o := range m.Own {
		w.item("price")
		if o.Table != "" {
			w.put("table", o.Table)
		}
		valid := o.Tool.Valid
		if o.Model.Model != "" {
			valid = o.Model.Valid
			w.pairs("model", o.Model.Model, "input", o.Model.Input, "cached", o.Model.Cached, "output", o.Model.Output)
		} else {
			w.pairs("tool", o.Tool.Name, "per_call", o.Tool.PerCall)
		}
		w.valid(valid)
	}
}
