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
