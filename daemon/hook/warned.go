package hook

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"time"
)

// Warned remembers what a person was warned of, over the runs of a hook, in a
// file in the first of the folders that can be written. It holds nothing of a
// prompt.
type Warned struct{ Dirs []string }

// First reports whether this is the first warning of something at an instant,
// and keeps that. Where nothing can be kept nobody is warned: a warning with
// each prompt is worse than none.
func (m Warned) First(about About, now time.Time) bool {
	f, err := openShared(m.Dirs, "hook.warned")
	if err != nil {
		return false
	}
	defer f.Close() // releases the lock
	var kept bytes.Buffer
	lines := bufio.NewScanner(io.LimitReader(f, 1<<16))
	for lines.Scan() {
		var key string
		var ms int64
		if _, err := fmt.Sscanf(lines.Text(), "%q %d", &key, &ms); err != nil || !time.UnixMilli(ms).After(now) {
			continue // over, or no line of ours
		}
		if key == about.Key {
			return false
		}
		fmt.Fprintln(&kept, lines.Text())
	}
	fmt.Fprintf(&kept, "%q %d\n", about.Key, about.Until.UnixMilli())
	return overwrite(f, kept.Bytes()) == nil
}
