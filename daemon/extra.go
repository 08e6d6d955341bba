package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"quotad/daemon/api"
	"quotad/daemon/store"
	"quotad/quota"
)

// Limits of the calls below.
const (
	maxRequest    = 64 << 10 // bytes of a body
	maxSteps      = 100_000  // of one explanation
	progressEvery = 200 * time.Millisecond
	answerIn      = 30 * time.Second // for an answer, once it is there
)

// extra are the calls of the local API that need more of the service than
// api.Backend gives.
func (d *service) extra() map[string]http.Handler {
	calls := map[string]call{
		"POST /v1/backup":        d.postBackup,
		"POST /v1/turns":         d.postTurn,
		"POST /v1/notify/snooze": d.postSnooze,
		"POST /v1/notify/test":   d.postTest,
		"GET /v1/explain":        d.getExplain,
		"GET /v1/event":          d.getEvent,
		"GET /v1/history":        d.getHistory,
		"GET /v1/whatif":         d.getWhatIf,
		"GET /v1/about":          d.getAbout,
	}
	handlers := map[string]http.Handler{"POST /v1/verify": http.HandlerFunc(d.postVerify)}
	for key, c := range calls {
		handlers[key] = c
	}
	return handlers
}

// call answers a request with a JSON document or an error.
type call func(r *http.Request) (any, error)

// ServeHTTP implements http.Handler. An answer that took long has as much time
// to be sent as any.
func (c call) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	doc, err := c(r)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerIn))
	if err != nil {
		api.WriteError(w, err)
		return
	}
	api.WriteJSON(w, doc)
}

// BackupRequest and BackupAnswer are the bodies of POST /v1/backup. Path is
// absolute; "" is one in the folder of backups.
type (
	BackupRequest struct {
		Path string `json:"path,omitempty"`
	}
	BackupAnswer struct {
		Path string `json:"path"`
	}
)

func (d *service) postBackup(r *http.Request) (any, error) {
	var in BackupRequest
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	if in.Path != "" && !filepath.IsAbs(in.Path) {
		return nil, api.InvalidField("path", "an absolute path was expected: the daemon works in another folder")
	}
	path, err := d.engine.Backup(in.Path)
	switch {
	case errors.Is(err, store.ErrNoSpace):
		return nil, unavailable(err)
	case err != nil && in.Path != "":
		return nil, api.Errorf(api.Invalid, "%v", err) // that place cannot take it
	}
	return BackupAnswer{path}, err
}

// SnoozeRequest and SnoozeAnswer are the bodies of POST /v1/notify/snooze. No
// instant, or one that is past, ends the snooze.
type (
	SnoozeRequest struct {
		Until *time.Time `json:"until"`
	}
	SnoozeAnswer struct {
		Until *time.Time `json:"until"`
	}
)

func (d *service) postSnooze(r *http.Request) (any, error) {
	var in SnoozeRequest
	if err := readBody(r, &in); err != nil {
		return nil, err
	}
	var until time.Time
	if in.Until != nil {
		until = quota.Milli(*in.Until)
	}
	if y := until.Year(); y > 9999 {
		return nil, api.InvalidField("until", "year %d is out of range", y)
	}
	if err := d.engine.Snooze(r.Context(), until); err != nil {
		return nil, unavailable(err)
	}
	d.poke()
	if !until.After(d.engine.now()) {
		return SnoozeAnswer{}, nil
	}
	return SnoozeAnswer{&until}, nil
}

// TestAnswer is the answer to POST /v1/notify/test: what became of a notice
// with each sender that is configured.
type TestAnswer struct {
	Results []TestResult `json:"results"`
}

func (d *service) postTest(r *http.Request) (any, error) {
	senders := d.senders(d.engine.Snapshot().Settings)
	return TestAnswer{TestSenders(r.Context(), senders, d.engine.now())}, nil
}

func (d *service) getExplain(r *http.Request) (any, error) {
	q, err := query(r, "account", "window", "limit")
	if err != nil {
		return nil, err
	}
	most := maxSteps
	if text := q.Get("limit"); text != "" {
		if most, err = strconv.Atoi(text); err != nil || most < 1 || most > maxSteps {
			return nil, api.InvalidField("limit", "a whole number from 1 to %d was expected", maxSteps)
		}
	}
	account := q.Get("account")
	if account == "" {
		account = quota.DefaultAccount
	}
	return d.engine.Explain(account, q.Get("window"), most)
}

func (d *service) getEvent(r *http.Request) (any, error) {
	q, err := query(r, "id")
	if err != nil {
		return nil, err
	}
	id := q.Get("id")
	if id == "" {
		return nil, api.InvalidField("id", "the id of an event was expected")
	}
	e, ok, err := d.engine.Event(id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &api.Error{Code: api.NotFound, Message: "there is no such event", Field: "id"}
	}
	return json.RawMessage(api.EncodeEvent(e)), nil
}

// postVerify checks the database and says how far it is meanwhile.
func (d *service) postVerify(w http.ResponseWriter, r *http.Request) {
	if err := readBody(r, &struct{}{}); err != nil {
		api.WriteError(w, err)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := api.NewStream(w, "application/x-ndjson")
	var told time.Time
	result, err := d.engine.Verify(ctx, func(p Progress) {
		if time.Since(told) < progressEvery {
			return
		}
		told = time.Now()
		if errors.Join(out.JSON(VerifyLine{Progress: &p}), out.Flush()) != nil {
			cancel() // nobody listens any more
		}
	})
	if err != nil {
		out.Fail(err)
		return
	}
	if out.JSON(VerifyLine{Result: &result}) == nil {
		_ = out.Close()
	}
}

// readBody reads a JSON object; no body at all is an empty one.
func readBody(r *http.Request, into any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return api.Errorf(api.Invalid, "the body broke off: %v", err)
	}
	if len(body) > maxRequest {
		return api.Errorf(api.TooLarge, "the body has more than %d bytes", maxRequest)
	}
	if len(body) == 0 {
		return nil
	}
	err = json.Unmarshal(body, into)
	var mistyped *json.UnmarshalTypeError
	var when *time.ParseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &mistyped) && mistyped.Field != "":
		return api.InvalidField(mistyped.Field, "%s is not what was expected there", mistyped.Value)
	case errors.As(err, &when):
		return api.Errorf(api.Invalid, "%s is not an instant such as 2026-11-23T06:30:00Z", when.Value)
	}
	return api.Errorf(api.Invalid, "a JSON object was expected: %v", err)
}

// query reads the parameters of a request. One that is not known, or is given
// twice, is an error that names it.
func query(r *http.Request, known ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, api.Errorf(api.Invalid, "the query is not properly escaped: %v", err)
	}
	for name, given := range q {
		switch {
		case !slices.Contains(known, name):
			return nil, api.InvalidField(clip(name), "not a parameter of this call")
		case len(given) > 1:
			return nil, api.InvalidField(name, "given %d times", len(given))
		}
	}
	return q, nil
}

func clip(name string) string { return name[:min(len(name), 40)] }
