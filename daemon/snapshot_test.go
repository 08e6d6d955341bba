package daemon

import (
	"testing"
	"time"
)

func TestTheDefaultAccountIsLeftOutOnlyWhereItIsOfNoUse(t *testing.T) {
	const work = "[account.work]\nplan = \"v2/lite\"\n"
	for _, c := range []struct {
		name, config string
		want         int
	}{
		{"nothing is said of it", work, 1},
		{"it has a plan", work + "[account.default]\nplan = \"v2/lite\"\n", 2},
		{"its reading is enabled", work + "[account.default.provider]\nenabled = true\n", 2},
		{"it is alone", "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, t.TempDir(), settings(t, c.config), time.Now)
			if all, _ := r.engine.Snapshot().Statuses("", time.Now()); len(all.Accounts) != c.want {
				t.Errorf("%d accounts, want %d", len(all.Accounts), c.want)
			}
		})
	}
}
