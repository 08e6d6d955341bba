package hook

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"quotad/daemon/api"
	"quotad/quota"
)

// ownID is the ID of an event that its tool itself tells apart from all others,
// so that every report of it agrees for ever; "" where a part is missing.
func ownID(tool string, parts ...string) string {
	id := tool
	for _, p := range parts {
		if p == "" {
			return ""
		}
		id += ":" + strings.ToValidUTF8(p, "\uFFFD")
	}
	if len(id) <= quota.MaxID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return tool + ":" + hex.EncodeToString(sum[:])
}

// turnOf says that the record which an event names has a turn more; nil where
// it names none that could be found.
func turnOf(e quota.Event) *api.Turn {
	if !filepath.IsAbs(e.Transcript) {
		return nil
	}
	return &api.Turn{
		Tool: e.Tool, Session: e.Session, Project: e.Project, Turn: e.Turn,
		Transcript: e.Transcript, Endpoint: e.Endpoint, At: e.At,
	}
}

// stopBy makes e the event of the provider's refusal, where the text is one
// that holds on: a tool may have tried for so long that the instant is past.
func stopBy(e quota.Event, text string) (quota.Event, bool) {
	stop, _ := quota.ParseStop("", text, e.At)
	e.Kind, e.Window, e.Until, e.Code, e.Transcript = quota.KindExhausted, stop.Window, stop.Until, stop.Code, ""
	return e, stop.Sure(e.At)
}
