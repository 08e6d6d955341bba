package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptKey is the key that fakeProvider takes: a script writes it itself.
const scriptKey = "0123456789abcdef0123456789abcdef.TheSecretHalf"

// fakeProvider answers as the file "answer" of its folder says, and notes each
// request in the file "requests". Its answers have the shapes of the provider's.
//
//	ok        a v3 Max, 10 % and 30 % used, and a row of a sort that nobody knows
//	pro       a v2 Pro, in percent alone
//	noplan    no plan behind the key
//	empty     success, and no data
//	html      no JSON
//	late      ok, with a clock that is an hour ahead of this one
type fakeProvider struct {
	dir string
	mu  sync.Mutex
}

func (p *fakeProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(r)
	mode, _ := os.ReadFile(filepath.Join(p.dir, "answer"))
	w.Header().Set("Content-Type", "application/json")
	switch answer := strings.TrimSpace(string(mode)); {
	case answer == "html":
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html>Bad Gateway</html>")
	case r.Header.Get("Authorization") != scriptKey:
		fmt.Fprint(w, `{"code":401,"msg":"token expired or incorrect","success":false}`)
	case strings.HasSuffix(r.URL.Path, "/subscription/list"):
		fmt.Fprint(w, `{"code":200,"success":true,"data":[{"productName":"GLM Coding Max","status":"VALID","inCurrentPeriod":true,"purchaseTime":"2026-01-12 16:55:13"}]}`)
	case answer == "noplan":
		fmt.Fprint(w, `{"code":500,"msg":"no coding plan","success":false}`)
	case answer == "empty":
		fmt.Fprint(w, `{"code":200,"success":true,"data":null}`)
	case answer == "pro":
		fmt.Fprintf(w, `{"code":200,"success":true,"data":{"level":"pro","limits":[{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":12,"nextResetTime":%d},{"type":"TOKENS_LIMIT","unit":6,"number":1,"percentage":40,"nextResetTime":%d}]}}`,
			epoch(3*time.Hour), epoch(72*time.Hour))
	default:
		if answer == "late" {
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		}
		fmt.Fprintf(w, `{"code":200,"success":true,"data":{"level":"max","limits":[{"type":"CREDIT_LIMIT","unit":3,"number":5,"usage":28000,"currentValue":2809,"remaining":25190,"percentage":10,"nextResetTime":%d},{"type":"CREDIT_LIMIT","unit":6,"number":1,"usage":140000,"currentValue":42000,"remaining":98000,"percentage":30,"nextResetTime":%d},{"type":"SURPRISE_LIMIT","unit":9,"percentage":3}]}}`,
			epoch(3*time.Hour), epoch(72*time.Hour))
	}
}

// epoch is an instant to come as the provider writes it.
func epoch(d time.Duration) int64 { return time.Now().Add(d).UnixMilli() }

func (p *fakeProvider) note(r *http.Request) {
	f, err := os.OpenFile(filepath.Join(p.dir, "requests"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	fmt.Fprintln(f, r.Method, r.URL.Path)
}

// startProvider gives a script a provider at $PROVIDER, whose folder is $WORK.
func startProvider(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: provider")
	}
	server := httptest.NewServer(&fakeProvider{dir: ts.MkAbs(".")})
	ts.Defer(server.Close)
	ts.Setenv("PROVIDER", server.URL)
	ts.Setenv("KEY", scriptKey)
}
