package provider

import (
	"fmt"
	"slices"
)

// maxRaw is how much of a body is kept for those who look for a fault.
const maxRaw = 2 << 10

// envelope is what every answer of the provider comes in.
type envelope struct {
	fields  object
	success *bool // nil: not told, as in some
	code    int64 // 0: none
}

// openEnvelope is false for what is no JSON object: a page of a proxy, an answer that
// was cut off.
func openEnvelope(body []byte) (e envelope, ok bool) {
	if e.fields, ok = parseObject(body); !ok {
		return e, false
	}
	e.success, e.code = e.fields.truth("success"), e.fields.whole("code")
	if inner, ok := e.fields.object("error"); ok && e.code == 0 { // as the model's own endpoints have it
		e.code = inner.whole("code")
	}
	return e, true
}

// failed reports whether the answer says of itself that it is a failure. HTTP
// 200 says nothing of that.
func (e envelope) failed() bool {
	if e.success != nil {
		return !*e.success
	}
	return e.code != 0 && e.code != 200
}

// fault is the failure that a code stands for. The text beside it is in
// whichever language, and decides nothing.
func (e envelope) fault() *Fault {
	kind, text := FaultTransient, "the provider reports a failure"
	switch {
	case isKeyCode(e.code):
		kind, text = FaultKey, "the provider does not take the key"
	case e.code == 500:
		kind, text = FaultNoPlan, "the provider knows no coding plan for this key"
	case e.code == 1113:
		kind, text = FaultBalance, "the provider finds no balance and no plan for this key"
	}
	return &Fault{Kind: kind, Code: e.code, Message: text}
}

// isKeyCode: error codes of 2026-02 to 2026-09, as recorded.
func isKeyCode(code int64) bool {
	return slices.Contains([]int64{401, 1000, 1001, 1003, 1005}, code)
}

// empty is a success that tells of nothing: never to be read as "none used".
func (e envelope) empty(text string) *Fault {
	if e.code != 0 && e.code != 200 {
		return e.fault()
	}
	return &Fault{Kind: FaultEmpty, Message: text}
}

// unreadable is a body that is not what was asked for.
func unreadable(what string) *Fault {
	return &Fault{Kind: FaultTransient, Message: "the answer is not " + what}
}

// withRaw keeps the beginning of a body.
func (f *Fault) withRaw(body []byte) *Fault {
	f.Raw = []byte(clip(string(body), maxRaw))
	return f
}

// withSummary keeps of a body that tells of a person only what it says of
// itself.
func (f *Fault) withSummary(body []byte) *Fault {
	f.Raw = nil
	if e, ok := openEnvelope(body); ok {
		f.Raw = fmt.Appendf(nil, "code %d, msg %q", e.code, clip(e.fields.text("msg"), 200))
	}
	return f
}
