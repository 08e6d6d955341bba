package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"quotad/quota"
)

// eventFormat is the first byte of an event's record.
const eventFormat = 1

// kinds by number; their places never change.
var kinds = [...]quota.Kind{
	"", quota.KindPrompt, quota.KindUsage, quota.KindTool, quota.KindExhausted, quota.KindReading, quota.KindVoid,
}

// The second byte of a record: the kind, and what others say of the event.
const (
	kindMask   = 0x07
	flagVoided = 0x08
	flagUsage  = 0x10 // a usage event of the prompt's turn is there
)

// What a record holds, after the texts that wordFields lists.
const (
	hasTurn = 1 << (10 + iota)
	hasCount
	hasTokens
	hasUntil
	hasReadings
	hasVoids
	hasKey
	hasPlan
)

// wordFields are the texts that many events share, which a record names by
// number. The order is that of the bits in a record: the usual ones first.
func wordFields(e *quota.Entry) [10]*string {
	return [10]*string{
		&e.Session, &e.Project, &e.Tool, &e.Model, &e.Endpoint,
		&e.TurnModel, &e.Transcript, &e.Name, &e.Window, &e.Code,
	}
}

// numbered gives a text its number; texts are known by it in records.
type numbered func(text string) (uint64, error)

// lettered is the text of a number.
type lettered func(no uint64) (string, error)

// appendEvent writes what the key of the event does not hold.
func appendEvent(b []byte, e *quota.Entry, seq uint64, word numbered) ([]byte, error) {
	b = append(b, eventFormat, kindNumber(e.Kind)|links(e))
	b = binary.AppendUvarint(b, seq)
	b = binary.AppendUvarint(b, presence(e))
	texts := wordFields(e)
	b, err := appendTexts(b, texts[:], word)
	if err != nil {
		return nil, err
	}
	return appendRest(b, e, word)
}

// appendTexts writes the numbers of those that are there.
func appendTexts(b []byte, texts []*string, word numbered) ([]byte, error) {
	for _, text := range texts {
		if *text == "" {
			continue
		}
		no, err := word(*text)
		if err != nil {
			return nil, err
		}
		b = binary.AppendUvarint(b, no)
	}
	return b, nil
}

// kindNumber is the number of a kind; 0 where it has none.
func kindNumber(k quota.Kind) byte { return byte(slices.Index(kinds[1:], k) + 1) }

func links(e *quota.Entry) (flags byte) {
	if e.Voided {
		flags |= flagVoided
	}
	if e.TurnUsage {
		flags |= flagUsage
	}
	return flags
}

// presence has a bit for each field that the record holds.
func presence(e *quota.Entry) (has uint64) {
	for i, text := range wordFields(e) {
		if *text != "" {
			has |= 1 << i
		}
	}
	for _, f := range []struct {
		bit uint64
		on  bool
	}{
		{hasTurn, e.Turn != ""}, {hasCount, e.Count != 1}, {hasTokens, e.Tokens != quota.Tokens{}},
		{hasUntil, !e.Until.IsZero()}, {hasReadings, len(e.Readings) > 0}, {hasVoids, e.Voids != ""},
		{hasKey, e.Key != ""}, {hasPlan, !e.Plan.IsZero()},
	} {
		if f.on {
			has |= f.bit
		}
	}
	return has
}

func appendRest(b []byte, e *quota.Entry, word numbered) ([]byte, error) {
	if e.Turn != "" {
		b = appendBytes(b, packID(nil, e.Turn))
	}
	if e.Count != 1 {
		b = binary.AppendVarint(b, int64(e.Count))
	}
	if e.Tokens != (quota.Tokens{}) {
		for _, n := range []int64{e.Tokens.Input, e.Tokens.Cached, e.Tokens.Output} {
			b = binary.AppendVarint(b, n)
		}
	}
	if !e.Until.IsZero() {
		b = binary.AppendVarint(b, e.Until.UnixMilli())
	}
	if len(e.Readings) > 0 {
		var err error
		if b, err = appendReadings(b, e.Readings, word); err != nil {
			return nil, err
		}
	}
	if e.Voids != "" {
		b = appendBytes(b, packID(nil, e.Voids))
	}
	return appendOrigin(b, e, word)
}

// appendOrigin writes whose key and which plan an event tells of.
func appendOrigin(b []byte, e *quota.Entry, word numbered) ([]byte, error) {
	if e.Key != "" {
		no, err := word(e.Key)
		if err != nil {
			return nil, err
		}
		b = binary.AppendUvarint(b, no)
	}
	if e.Plan.IsZero() {
		return b, nil
	}
	b = appendBytes(b, packID(nil, e.Plan.ID))
	for _, t := range []time.Time{e.Plan.Subscribed, e.Plan.Renews, e.Plan.Ends} {
		b = binary.AppendVarint(b, milliOrZero(t))
	}
	return b, nil
}

// milliOrZero is 0 for no instant, which none that is kept is.
func milliOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func zeroOrTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func appendBytes(b, p []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(p))), p...)
}

// What a reading holds.
const (
	hasPercent = 1 << iota
	hasUsed
	hasCap
	hasResets
)

func appendReadings(b []byte, readings []quota.Reading, word numbered) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(readings)))
	for _, r := range readings {
		no, err := word(r.Window)
		if err != nil {
			return nil, err
		}
		b = binary.AppendUvarint(b, no)
		at := len(b)
		b = append(b, 0)
		if r.Percent != nil {
			b[at] |= hasPercent
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*r.Percent))
		}
		if r.Used != nil {
			b[at] |= hasUsed
			b = binary.AppendVarint(b, int64(*r.Used))
		}
		if r.Cap != nil {
			b[at] |= hasCap
			b = binary.AppendVarint(b, int64(*r.Cap))
		}
		if r.ResetsAt != nil {
			b[at] |= hasResets
			b = binary.AppendVarint(b, r.ResetsAt.UnixMilli())
		}
	}
	return b, nil
}

// readEvent reads what appendEvent wrote into e, whose key is known already.
func readEvent(body []byte, e *quota.Entry, text lettered) (seq uint64, err error) {
	r := reader{b: body}
	if v := r.byte(); v != eventFormat {
		return 0, fmt.Errorf("an event in the format %d; %d is known", v, eventFormat)
	}
	kind := r.byte()
	seq = r.uvarint()
	has := r.uvarint()
	if int(kind&kindMask) >= len(kinds) || kind&kindMask == 0 {
		return 0, fmt.Errorf("an event of the kind %d", kind&kindMask)
	}
	e.Kind, e.Voided, e.TurnUsage = kinds[kind&kindMask], kind&flagVoided != 0, kind&flagUsage != 0
	for i, f := range wordFields(e) {
		if has&(1<<i) != 0 {
			*f = r.text(text)
		}
	}
	readRest(&r, e, has, text)
	return seq, r.end()
}

func readRest(r *reader, e *quota.Entry, has uint64, text lettered) {
	if has&hasTurn != 0 {
		e.Turn = r.packed()
	}
	e.Count = 1
	if has&hasCount != 0 {
		e.Count = int(r.varint())
	}
	if has&hasTokens != 0 {
		e.Tokens = quota.Tokens{Input: r.varint(), Cached: r.varint(), Output: r.varint()}
	}
	if has&hasUntil != 0 {
		e.Until = time.UnixMilli(r.varint()).UTC()
	}
	if has&hasReadings != 0 {
		e.Readings = readReadings(r, text)
	}
	if has&hasVoids != 0 {
		e.Voids = r.packed()
	}
	if has&hasKey != 0 {
		e.Key = r.text(text)
	}
	if has&hasPlan != 0 {
		e.Plan = quota.PlanTold{ID: r.packed(), Subscribed: zeroOrTime(r.varint()), Renews: zeroOrTime(r.varint()), Ends: zeroOrTime(r.varint())}
	}
}

func readReadings(r *reader, text lettered) []quota.Reading {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	list := make([]quota.Reading, n)
	for i := range list {
		list[i] = readReading(r, text)
	}
	return list
}

func readReading(r *reader, text lettered) (out quota.Reading) {
	out.Window = r.text(text)
	has := r.byte()
	if has&hasPercent != 0 {
		p := math.Float64frombits(r.uint64())
		out.Percent = &p
	}
	if has&hasUsed != 0 {
		used := quota.Amount(r.varint())
		out.Used = &used
	}
	if has&hasCap != 0 {
		limit := quota.Amount(r.varint())
		out.Cap = &limit
	}
	if has&hasResets != 0 {
		at := time.UnixMilli(r.varint()).UTC()
		out.ResetsAt = &at
	}
	return out
}
