package providertest

import (
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"
)

// The addresses that it answers at.
const (
	PathQuota        = "/api/monitor/usage/quota/limit"
	PathSubscription = "/api/biz/subscription/list"
)

// ServeHTTP answers as the provider does. Whatever is not a GET of one of the
// two addresses is noted as wrong.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	now := p.Now()
	body, failure := p.answer(r, now)
	p.last = failure
	p.mu.Unlock()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	switch {
	case r.Method != http.MethodGet:
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
	case failure != None:
		failure.fail(w, r)
	case body == nil:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}
}

// answer decides what is told.
func (p *Provider) answer(r *http.Request, now time.Time) (map[string]any, Failure) {
	if r.Method != http.MethodGet {
		p.wrong = append(p.wrong, r.Method+" "+r.URL.Path)
		return nil, None
	}
	if f := p.refusesKey(r); f != None {
		return nil, f
	}
	if f := p.Manner.failure(now, p.rand); f != None {
		return nil, f
	}
	switch r.URL.Path {
	case PathQuota:
		return p.envelope(p.limits(now)), None
	case PathSubscription:
		return p.envelope(p.subscriptions(now)), None
	}
	p.wrong = append(p.wrong, "GET "+r.URL.Path)
	return nil, None
}

func (p *Provider) refusesKey(r *http.Request) Failure {
	given := r.Header.Get("Authorization")
	key, bearer := strings.CutPrefix(given, "Bearer ")
	switch {
	case given == "":
		return KeyMissing
	case key != p.Key, p.Manner.Bearer && !bearer:
		return KeyUnknown
	}
	return None
}

func (p *Provider) envelope(data any) map[string]any {
	e := map[string]any{"code": 200, "msg": "Operation successful", "success": true, "data": data}
	if chance(p.rand, p.Manner.Foreign) {
		e["msg"] = [...]string{"操作成功", "Operación correcta", "İşlem başarılı"}[p.rand.IntN(3)]
	}
	p.Manner.drop(p.rand, e, "msg", "code")
	if _, told := e["code"]; told {
		p.Manner.drop(p.rand, e, "success")
	}
	return e
}

func (p *Provider) limits(now time.Time) map[string]any {
	as := p.Manner.asOf(now)
	t := p.term(as)
	if p.Manner.LateUse {
		t = p.term(now)
	}
	var rows []map[string]any
	for _, w := range t.windows {
		rows = append(rows, p.row(t, w, p.stands(w, as, now)))
	}
	if chance(p.rand, p.Manner.Strange) {
		rows = append(rows, map[string]any{"type": "PARALLEL_LIMIT", "unit": 9, "percentage": p.rand.IntN(101)})
	}
	if p.Manner.Shuffle {
		p.rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	data := map[string]any{"limits": rows, "level": t.plan.Tier}
	p.Manner.drop(p.rand, data, "level")
	return data
}

// stands is how a window is told to stand.
func (p *Provider) stands(w *window, as, now time.Time) mark {
	m := w.stood(as)
	if at := w.stood(now); p.Manner.LateUse && !at.reset.Equal(m.reset) {
		if !m.reset.IsZero() { // it has reset since
			m.used = 0
		}
		m.reset = at.reset
	}
	return m
}

// row is a window as the provider writes it.
func (p *Provider) row(t *term, w *window, m mark) map[string]any {
	unit, number := map[string]int{"5h": 3, "week": 6, "month": 5}[w.name], 1
	if w.name == "5h" {
		number = 5
	}
	row := map[string]any{"type": t.sort(w), "unit": unit, "number": number, "percentage": percentage(m.used, w.limit)}
	if !m.reset.IsZero() {
		row["nextResetTime"] = m.reset.Add(p.jitter()).UnixMilli()
	}
	if t.plan.Generation == 3 || w.name == "month" {
		row["usage"], row["currentValue"] = int64(w.limit), int64(m.used)
		row["remaining"] = int64(max(w.limit-m.used, 0))
	}
	if w.name == "month" {
		row["usageDetails"] = []map[string]any{{"modelCode": "search-prime", "usage": int64(m.used)}, {"modelCode": "zread"}}
	}
	p.Manner.drop(p.rand, row, "percentage", "currentValue", "usage", "remaining", "nextResetTime", "number")
	return row
}

// sort is the type of a window's row.
func (t *term) sort(w *window) string {
	switch {
	case w.name == "month":
		return "TIME_LIMIT"
	case t.plan.Generation == 3:
		return "CREDIT_LIMIT"
	}
	return "TOKENS_LIMIT"
}

// percentage is floored, but 1 once anything was used, and 100 at most.
func percentage(used, limit float64) int {
	switch p := math.Floor(100 * used / limit); {
	case used <= 0:
		return 0
	default:
		return int(min(max(p, 1), 100))
	}
}

func (p *Provider) jitter() time.Duration {
	if p.Manner.Jitter <= 0 {
		return 0
	}
	return time.Duration(p.rand.Int64N(2*int64(p.Manner.Jitter)+1)) - p.Manner.Jitter
}

// subscriptions is the list of what was bought.
func (p *Provider) subscriptions(now time.Time) []map[string]any {
	t := p.term(now)
	bought := t.bought.In(china)
	next := bought
	for n := 1; !next.After(now); n++ {
		next = bought.AddDate(0, n, 0)
	}
	item := map[string]any{
		"productName": "GLM Coding " + strings.ToUpper(t.plan.Tier[:1]) + t.plan.Tier[1:], "status": "VALID", "autoRenew": 1,
		"purchaseTime": bought.Format(time.DateTime), "nextRenewTime": next.Format(time.DateOnly), "inCurrentPeriod": true,
		"valid": next.AddDate(0, -1, 0).Format(time.DateTime) + "-" + next.Format(time.DateTime), "billingCycle": "monthly",
	}
	p.Manner.drop(p.rand, item, "purchaseTime", "valid", "nextRenewTime", "productName")
	return []map[string]any{item}
}
