package daemon

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"quotad/notify"
	"quotad/quota"
)

func TestADigestKeepsItsEndToItself(t *testing.T) {
	r := start(t, t.TempDir(), settings(t, labConfig), time.Now)
	at := quota.Milli(time.Now())
	want := notify.Item{
		Notice:  quota.Notice{Kind: quota.NoticeDigest, Account: "default", At: at, Title: "While it was quiet: 1 notice"},
		Expires: at.Add(time.Hour),
	}
	if err := (outbox{r.engine}).Digest(context.Background(), want, nil); err != nil {
		t.Fatal(err)
	}
	items, err := outbox{r.engine}.Pending(context.Background())
	if err != nil || len(items) != 1 || !items[0].Expires.Equal(want.Expires) || items[0].Title != want.Title {
		t.Fatalf("%+v, %v", items, err)
	}
	for n, err := range (backend{r.engine}).Notices(context.Background(), time.Time{}) {
		text, _ := json.Marshal(n)
		if err != nil || !strings.Contains(string(text), `"resets_at":null`) || strings.Contains(string(text), want.Expires.Format(time.RFC3339Nano)) {
			t.Errorf("%s, %v", text, err)
		}
	}
}

func TestADigestTakesThePlaceOfWhatWasHeld(t *testing.T) {
	dir := t.TempDir()
	r := start(t, dir, settings(t, labConfig), atNoon)
	r.post(quota.Event{Count: 4, At: noon})
	held, err := outbox{r.engine}.Pending(t.Context())
	if err != nil || len(held) != 1 || held[0].Kind != quota.NoticeThreshold {
		t.Fatalf("%+v, %v", held, err)
	}
	digest := notify.Item{Notice: quota.Notice{Kind: quota.NoticeDigest, Account: "default", At: noon, Title: "While it was quiet: 1 notice"}}
	if err := (outbox{r.engine}).Digest(t.Context(), digest, []uint64{held[0].ID}); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"at once", "after a restart"} {
		left, err := outbox{r.engine}.Pending(t.Context())
		if err != nil || len(left) != 1 || left[0].Kind != quota.NoticeDigest {
			t.Errorf("%s: to be told are %+v, %v", when, left, err)
		}
		became := map[quota.NoticeKind]string{}
		for n, err := range (backend{r.engine}).Notices(t.Context(), time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			became[n.Kind] = n.Delivered
		}
		if became[quota.NoticeThreshold] != "digest" || became[quota.NoticeDigest] != "pending" {
			t.Errorf("%s: %v", when, became)
		}
		r.stop()
		r = start(t, dir, settings(t, labConfig), atNoon)
	}
}
