package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"quotad/daemon/provider"
)

func TestSyncOfWhatIsNotEnabled(t *testing.T) {
	d := start(t, t.TempDir(), settings(t, labConfig), atNoon).served()
	status, got := d.call(t, "POST /v1/sync", "", "")
	if status != http.StatusOK || got != `{"results":[{"account":"default","status":"off"}]}` {
		t.Errorf("%d %s", status, got)
	}
	if status, got = d.call(t, "POST /v1/sync", "", `{"account":"nobody"}`); status != http.StatusNotFound || !strings.Contains(got, `"field":"account"`) {
		t.Errorf("%d %s", status, got)
	}
}

const secret = "fedcba9876543210.TheSecretHalf"

// TestAKeyIsNowhere runs through all that can become of a reading, with a
// provider that gives the key back in its answers, and looks for it in all that
// is left: the folder with the database, the log, the answers and the metrics.
func TestAKeyIsNowhere(t *testing.T) {
	var answer string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		w.Write([]byte(strings.ReplaceAll(answer, "KEY", r.Header.Get("Authorization"))))
	}))
	defer server.Close()
	s := settings(t, polledConfig+"base_url = \""+server.URL+"\"\n")
	dir, log := t.TempDir(), &bytes.Buffer{}
	r := start(t, dir, s, time.Now)
	env := func(name string) string {
		if name == provider.EnvKey {
			return secret
		}
		return ""
	}
	tally := &pollTally{}
	var said bytes.Buffer
	for _, c := range []struct{ name, answer, status, kind string }{
		{"figures", `{"code":200,"success":true,"data":{"level":"KEY","limits":[{"type":"TOKENS_LIMIT","unit":3,"percentage":7},{"type":"KEY","unit":9}]}}`, SyncRead, ""},
		{"no JSON", `<html>KEY</html>`, SyncFailed, provider.FaultTransient.String()},
		{"no plan", `{"code":500,"success":false,"msg":"no plan for KEY"}`, SyncFailed, provider.FaultNoPlan.String()},
		{"a refused key", `{"code":401,"success":false,"msg":"KEY is wrong"}`, SyncFailed, provider.FaultKey.String()},
	} {
		answer = c.answer
		p := newPoller(r.engine, env, zerolog.New(log).Level(zerolog.TraceLevel), tally)
		results, _ := p.askAll(context.Background(), "")
		if len(results) != 1 || results[0].Status != c.status || c.kind != "" && results[0].Fault.Kind != c.kind {
			t.Fatalf("%s: %+v", c.name, results)
		}
		about, err := r.engine.about()
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range []any{results, about, r.status(), r.engine.Snapshot().provided} {
			text, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			said.Write(text)
		}
	}
	metrics{&said}.readings(tally.all(), time.Now())
	for _, want := range []string{
		`quotad_provider_reads_total{account="default"} 1`, `quotad_provider_read_failures_total{account="default"} 3`,
		`quotad_provider_reading_age_seconds{account="default"} `,
	} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if !strings.Contains(log.String(), "key refused") {
		t.Errorf("the log says nothing:\n%s", log)
	}
	r.stop()
	left := map[string][]byte{"the log": log.Bytes(), "what was answered": said.Bytes()}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			left[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil || len(left) < 4 {
		t.Fatalf("%d places, %v", len(left), err)
	}
	for where, text := range left {
		for _, part := range strings.Split(secret, ".") {
			if bytes.Contains(text, []byte(part)) {
				t.Errorf("%s has the key, or half of it: %s", where, part)
			}
		}
	}
}
