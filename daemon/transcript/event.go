package transcript

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"quotad/quota"
)

// maxName bounds ids and models, so that a mark stays small whatever is read.
const maxName = 128

// digest names something by what it is made of.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// idOf is the id of an event: the same whenever the record is read.
func idOf(tool string, kind quota.Kind, digest string) string {
	return tool + ":" + string(kind) + ":" + digest
}

// promptID is the id of a prompt that the tool itself names: the one that the
// tool's hook gives it too, so that either may come first. A name that would be
// too long is nothing that a tool gives.
func promptID(tool, name string) string { return tool + ":" + clip(name, maxName) }

// event is what all events of a record have.
func event(tool string, kind quota.Kind, digest string, at time.Time) quota.Event {
	return quota.Event{ID: idOf(tool, kind, digest), Kind: kind, At: quota.Milli(at), Tool: tool, Count: 1}
}
