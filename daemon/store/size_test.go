package store

import (
	"fmt"
	"os"
	"testing"
	"time"

	"quotad/quota"
)

// An event as a hook tells of it, with its id, session and checksum, takes no more
// of the file than 160 bytes, all tables and free pages counted, though few come
// at once.
func TestAnEventTakesLittleOfTheDisk(t *testing.T) {
	const events, atOnce, most = 40_000, 40, 160
	s := newStore(t)
	var list []quota.Event
	for i := range events {
		at := day0.Add(time.Duration(i) * 7 * time.Minute)
		e := prompt(testULID(at, i), at)
		e.Tool, e.Model, e.Endpoint = "claude-code", "glm-5.3", "https://api.z.ai/api/anthropic"
		e.Session = fmt.Sprintf("94a05ee8-1b1e-4c5a-9d61-%012x", (i/30)*0x9E3779B9)
		e.Project = fmt.Sprint("/home/ada/src/", i/2000)
		list = append(list, e)
		if len(list) == atOnce {
			put(t, s, list...)
			list = list[:0]
		}
	}
	info, err := os.Stat(s.Path())
	must(t, err)
	each := float64(info.Size()) / events
	t.Logf("%.1f B each", each)
	if each > most {
		t.Errorf("%.1f B each, at most %d are wanted", each, most)
	}
	verify(t, s)
}
