package daemon

import (
	"context"
	"encoding/json"
	"errors"
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
	return map[string]http.Handler{
		"POST /v1/backup":        posted(d.postBackup),
		"POST /v1/turns":         posted(d.postTurn),
		"POST /v1/notify/snooze": posted(d.postSnooze),
		"POST /v1/notify/test":   call(d.postTest),
		"POST /v1/sync":          posted(d.postSync),
		"POST /v1/verify":        http.HandlerFunc(d.postVerify),
		"GET /v1/explain":        call(d.getExplain),
		"GET /v1/event":          call(d.getEvent),
		"GET /v1/history":        call(d.getHistory),
		"GET /v1/whatif":         call(d.getWhatIf),
		"GET /v1/about":          call(d.getAbout),
	}
}

// posted is a call with a JSON object for a body; no body at all is an empty one.
func posted[T any](answer func(r *http.Request, in T) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call(func(r *http.Request) (any, error) {
			var in T
			if err := api.ReadJSON(w, r, maxRequest, &in); err != nil {
				return nil, err
			}
			return answer(r, in)
		}).ServeHTTP(w, r)
	})
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

func (d *service) postBackup(_ *http.Request, in BackupRequest) (any, error) {
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

func (d *service) postSnooze(r *http.Request, in SnoozeRequest) (any, error) {
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
	if err := api.ReadJSON(w, r, maxRequest, &struct{}{}); err != nil {
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
