package providertest

import (
	"net/http"
	"strings"
)

// Failure is an answer that tells no figures.
type Failure int

// The failures. Those that speak of a key and of a plan are for a [Trouble];
// the [Passing] ones may come at any time.
const (
	None           Failure = iota
	KeyExpired             // 401, in a body of HTTP 200
	KeyUnknown             // 1000
	KeyMissing             // 1001
	KeyInvalid             // 1003
	KeyRefused             // 1005
	NoPlan                 // 500, in a body of HTTP 200
	NoBalance              // 1113
	DataNull               // success, and data null
	DataMissing            // success, and no data
	DataEmpty              // success, and data without limits
	LimitsEmpty            // success, and no limit in the list
	RowsWithout            // success, and rows that tell nothing
	Page                   // a page for people
	GatewayPage            // the same, with a status of its own
	CutShort               // JSON that ends in the middle
	NothingAtAll           // an empty body
	NotAnObject            // JSON, but a list
	Elsewhere              // a redirect to another host
	TooMuch                // more than 1 MiB
	ServerTrouble          // HTTP 500
	TooOften               // HTTP 429
	Silence                // no answer until the asker gives up
	failuresBeyond         // the end of the list
)

// Failures are all of them.
func Failures() []Failure {
	list := make([]Failure, 0, failuresBeyond-1)
	for f := None + 1; f < failuresBeyond; f++ {
		list = append(list, f)
	}
	return list
}

// Passing are the failures that come and go by themselves.
var Passing = [...]Failure{DataNull, DataMissing, DataEmpty, LimitsEmpty, RowsWithout, Page, GatewayPage, CutShort,
	NothingAtAll, NotAnObject, ServerTrouble, TooOften, Silence}

// bodies are what failures of HTTP 200 say.
var bodies = map[Failure]string{
	KeyExpired:   `{"code":401,"msg":"token expired or incorrect","success":false,"data":null}`,
	KeyUnknown:   `{"code":1000,"msg":"身份验证失败。","success":false}`,
	KeyMissing:   `{"code":1001,"msg":"Authentication parameter not received in Header","success":false}`,
	KeyInvalid:   `{"code":1003,"msg":"令牌已过期","success":false}`,
	KeyRefused:   `{"code":"1005","success":false}`,
	NoPlan:       `{"code":500,"msg":"当前用户不存在coding plan","success":false}`,
	NoBalance:    `{"success":false,"code":1113,"msg":"Insufficient balance","data":null}`,
	DataNull:     `{"success":true,"code":200,"msg":"ok","data":null}`,
	DataMissing:  `{"success":true,"code":200}`,
	DataEmpty:    `{"code":200,"success":true,"data":{}}`,
	LimitsEmpty:  `{"code":200,"success":true,"data":{"limits":[],"level":null}}`,
	RowsWithout:  `{"code":200,"success":true,"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3},{"type":"TIME_LIMIT","unit":5,"number":1}]}}`,
	Page:         `<!doctype html><title>Just a moment</title><body>100% used</body>`,
	CutShort:     `{"code":200,"success":true,"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3,"perc`,
	NothingAtAll: "",
	NotAnObject:  `[{"code":200,"success":true}]`,
}

// fail writes a failure.
func (f Failure) fail(w http.ResponseWriter, r *http.Request) {
	switch f {
	case Silence:
		<-r.Context().Done()
	case GatewayPage:
		http.Error(w, "<html><h1>502 Bad Gateway</h1></html>", http.StatusBadGateway)
	case ServerTrouble:
		http.Error(w, `{"code":500}`, http.StatusInternalServerError)
	case TooOften:
		http.Error(w, `{"error":{"code":"1302"}}`, http.StatusTooManyRequests)
	case Elsewhere:
		http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
	case TooMuch:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"code":200,"success":true,"msg":"` + strings.Repeat("x", 1<<20) + `"}`))
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(bodies[f]))
	}
}
