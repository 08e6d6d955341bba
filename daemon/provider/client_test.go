package provider

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"quotad/quota"
)

// theKey is made as the provider makes them.
const theKey = "0123456789abcdef0123456789abcdef.S3cretS3cretS3cr"

// fixedKey is a KeySource.
type fixedKey string

func (k fixedKey) Key(context.Context) (string, error) { return string(k), nil }

// site is a provider on loopback, which keeps the requests that it got.
type site struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
}

func newSite(t *testing.T, answer http.HandlerFunc) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// forms are the forms of the key that were sent, in turn.
func (s *site) forms() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var words []string
	for _, r := range s.requests {
		words = append(words, map[string]string{theKey: "raw", "Bearer " + theKey: "bearer"}[r.Header.Get("Authorization")])
	}
	return strings.Join(words, " ")
}

func (s *site) client(change ...func(*Options)) *Client {
	o := Options{BaseURL: s.URL, Key: fixedKey(theKey), Now: func() time.Time { return today }}
	for _, f := range change {
		f(&o)
	}
	return New(o)
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

var good = ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":34}`)

func TestReadAsksAsTheProvidersOwnPluginDoes(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", today.Add(-3*time.Minute).Format(http.TimeFormat))
		io.WriteString(w, good)
	})
	r, fault := s.client().Read(t.Context())
	if fault != nil {
		t.Fatal(fault)
	}
	if told(r) != "5h 34%" || r.Plan.ID != "v1/pro" || !r.At.Equal(today) || r.Skew != 3*time.Minute {
		t.Errorf("%+v", r)
	}
	q := s.requests[0]
	if q.Method != "GET" || q.RequestURI != "/api/monitor/usage/quota/limit" || q.ContentLength != 0 {
		t.Errorf("%s %s", q.Method, q.RequestURI)
	}
	for name, want := range map[string]string{
		"Authorization": theKey, "Accept": "application/json", "User-Agent": "quotad", "Cookie": "",
		"Bigmodel-Organization": "", "Bigmodel-Project": "",
	} {
		if got := q.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestReadNamesATeam(t *testing.T) {
	s := newSite(t, says(good))
	if _, fault := s.client(func(o *Options) { o.Organization, o.Project = "org-1", "proj-2" }).Read(t.Context()); fault != nil {
		t.Fatal(fault)
	}
	q := s.requests[0]
	if q.RequestURI != "/api/monitor/usage/quota/limit?type=2" || q.Header.Get("Bigmodel-Organization") != "org-1" || q.Header.Get("Bigmodel-Project") != "proj-2" {
		t.Errorf("%s %v", q.RequestURI, q.Header)
	}
}

func TestReadPlanAsksForTheSubscription(t *testing.T) {
	s := newSite(t, says(`{"data":[{"productName":"GLM Coding Pro","status":"VALID","nextRenewTime":"2026-10-16","inCurrentPeriod":true}]}`))
	told, tier, fault := s.client().ReadPlan(t.Context())
	if fault != nil || tier != "pro" || told != (quota.PlanTold{Renews: wall("2026-10-16 00:00:00")}) {
		t.Errorf("%+v %q %v", told, tier, fault)
	}
	if uri := s.requests[0].RequestURI; uri != "/api/biz/subscription/list" {
		t.Error(uri)
	}
}

func TestOfWhoSubscribedNothingIsKept(t *testing.T) {
	for _, answer := range []http.HandlerFunc{
		says(`{"code":1000,"success":false,"msg":"no","customerId":"98765432109876543"}`),
		status(500, `{"customerId":"98765432109876543"}`),
		status(502, "<html>98765432109876543"),
		says(`{"data":{"customerId":"98765432109876543"}}`),
	} {
		_, _, fault := newSite(t, answer).client().ReadPlan(t.Context())
		if fault == nil || strings.Contains(fault.Error(), "98765") || bytes.Contains(fault.Raw, []byte("98765")) {
			t.Errorf("%v, %s", fault, fault.Raw)
		}
	}
}

func TestThePlaceThatIsAsked(t *testing.T) {
	for _, c := range []struct{ title, site, base, want string }{
		{"z.ai unless told otherwise", "", "", "https://api.z.ai/api/biz/subscription/list"},
		{"z.ai", "z.ai", "", "https://api.z.ai/api/biz/subscription/list"},
		{"China", "bigmodel.cn", "", "https://open.bigmodel.cn/api/biz/subscription/list"},
		{"a proxy with a path", "z.ai", "https://proxy.example/zai/", "https://proxy.example/zai/api/biz/subscription/list"},
		{"plain http on this machine", "z.ai", "http://[::1]:8080", "http://[::1]:8080/api/biz/subscription/list"},
		{"plain http elsewhere", "z.ai", "http://192.168.1.2", ""},
		{"plain http at a name that only looks like this machine", "z.ai", "http://localhost.example", ""},
		{"no URL", "z.ai", "api.z.ai", ""},
		{"a password in it", "z.ai", "https://me:secret@proxy.example", ""},
		{"another site", "z.ai.evil.example", "", ""},
	} {
		t.Run(c.title, func(t *testing.T) {
			var asked string
			o := Options{Site: c.site, BaseURL: c.base, Key: fixedKey(theKey)}
			o.Transport = trip(func(r *http.Request) (*http.Response, error) {
				asked = r.URL.String()
				return nil, errors.New("far enough")
			})
			_, _, fault := New(o).ReadPlan(t.Context())
			if asked != c.want {
				t.Errorf("asked %q", asked)
			}
			if (c.want == "") != (fault.Kind == FaultRefused) {
				t.Errorf("%v", fault)
			}
		})
	}
}

// trip is a RoundTripper that is a function.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNothingButGETLeaves(t *testing.T) {
	s := newSite(t, says(good))
	c := s.client()
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"} {
		r, err := http.NewRequest(method, s.URL, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.http.Do(r); !errors.Is(err, errNotGet) {
			t.Errorf("%s: %v", method, err)
		}
	}
	r, err := http.NewRequest("GET", s.URL, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.http.Do(r); !errors.Is(err, errNotGet) {
		t.Errorf("a GET with a body: %v", err)
	}
	if _, err := c.http.Post(s.URL, "text/plain", nil); !errors.Is(err, errNotGet) {
		t.Errorf("a POST without a body: %v", err)
	}
	if len(s.requests) != 0 {
		t.Errorf("%d requests arrived", len(s.requests))
	}
	if _, fault := c.Read(t.Context()); fault != nil || len(s.requests) != 1 {
		t.Errorf("%v, %d requests", fault, len(s.requests))
	}
}

func TestTheFormOfTheKeyThatWorksIsRemembered(t *testing.T) {
	for _, c := range []struct {
		title, takes, want string
		refusal            http.HandlerFunc
	}{
		{"the key as it is", theKey, "raw raw", says(`{"code":1000,"success":false}`)},
		{"with Bearer, refused by code", "Bearer " + theKey, "raw bearer bearer", says(`{"code":1001,"success":false}`)},
		{"with Bearer, refused by status", "Bearer " + theKey, "raw bearer bearer", status(401, "")},
		{"with Bearer, refused by another status", "Bearer " + theKey, "raw bearer bearer", status(403, "<html>")},
		{"neither", "", "raw bearer raw bearer", says(`{"code":401,"success":false}`)},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == c.takes {
					io.WriteString(w, good)
				} else {
					c.refusal(w, r)
				}
			})
			client := s.client()
			for range 2 {
				_, fault := client.Read(t.Context())
				if c.takes != "" && fault != nil || c.takes == "" && fault.Kind != FaultKey {
					t.Error(fault)
				}
			}
			if got := s.forms(); got != c.want {
				t.Errorf("sent %s, want %s", got, c.want)
			}
		})
	}
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	elsewhere := newSite(t, says(good))
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	for _, c := range []struct {
		title  string
		answer http.HandlerFunc
		kind   FaultKind
		text   string
		http   int
	}{
		{"a page", says("<html>hello</html>"), FaultTransient, "not JSON", 200},
		{"nothing", says(""), FaultTransient, "not JSON", 200},
		{"half a body", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			io.WriteString(w, "{")
		}, FaultTransient, "broke off", 200},
		{"a connection that is cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, FaultTransient, "broke off", 0},
		{"an error of the server", status(500, `{"code":500,"msg":"x","success":false}`), FaultTransient, "HTTP 500", 500},
		{"a gateway's page", status(502, "<html>"), FaultTransient, "HTTP 502", 502},
		{"no such page, in JSON without data", status(404, `{"status":404,"error":"Not Found"}`), FaultTransient, "HTTP 404", 404},
		{"too often", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(429)
		}, FaultTransient, "HTTP 429", 429},
		{"a key refused by status", status(401, ""), FaultKey, "HTTP 401", 401},
		{"a key refused by status and page", status(403, "<html>"), FaultTransient, "HTTP 403", 403},
		{"a key refused by status and JSON", status(403, `{"msg":"x"}`), FaultKey, "HTTP 403", 403},
		{"a key refused by code with a status", status(400, `{"code":1000,"success":false}`), FaultKey, "does not take the key", 400},
		{"no plan", says(`{"code":500,"success":false}`), FaultNoPlan, "no coding plan", 200},
		{"no balance, with a status", status(429, `{"error":{"code":"1113"}}`), FaultBalance, "no balance", 429},
		{"2 MiB", says(strings.Repeat(" ", 2<<20)), FaultRefused, "larger than 1 MiB", 200},
		{"64 MiB in a small package", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			pack := gzip.NewWriter(w)
			for range 64 {
				pack.Write(make([]byte, 1<<20))
			}
			pack.Close()
		}, FaultRefused, "larger than 1 MiB", 200},
		{"a head of 1 MiB", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			io.WriteString(w, good)
		}, FaultTransient, "broke off", 0},
		{"elsewhere", redirect(elsewhere.URL), FaultRefused, "redirects to another host", 302},
		{"elsewhere, in another scheme", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://"+r.Host+"/x", http.StatusPermanentRedirect)
		}, FaultRefused, "redirects to another host", 308},
		{"round and round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, FaultRefused, "redirects", 302},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := newSite(t, c.answer)
			r, fault := s.client().Read(t.Context())
			if fault == nil {
				t.Fatalf("%+v", r)
			}
			if fault.Kind != c.kind || !strings.Contains(fault.Error(), c.text) || fault.HTTP != c.http || len(fault.Raw) > maxRaw {
				t.Errorf("%v, HTTP %d, %d bytes raw", fault, fault.HTTP, len(fault.Raw))
			}
			if c.title == "too often" && fault.After != 90*time.Second {
				t.Errorf("asked to wait %v", fault.After)
			}
		})
	}
	if len(elsewhere.requests) != 0 {
		t.Error("a redirect to another host was followed")
	}
}

func TestARedirectOnTheSameHostIsFollowed(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			io.WriteString(w, good)
			return
		}
		http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
	})
	if r, fault := s.client().Read(t.Context()); fault != nil || told(r) != "5h 34%" {
		t.Errorf("%+v %v", r, fault)
	}
	if s.forms() != "raw raw" {
		t.Errorf("sent %s", s.forms())
	}
}

func TestAPackedAnswerIsUnpacked(t *testing.T) {
	var packed bytes.Buffer
	pack := gzip.NewWriter(&packed)
	io.WriteString(pack, good)
	pack.Close()
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed.Bytes())
	})
	if r, fault := s.client().Read(t.Context()); fault != nil || told(r) != "5h 34%" {
		t.Errorf("%+v %v", r, fault)
	}
}

func TestAnAnswerThatNeverComes(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := newSite(t, func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	})
	if _, fault := s.client().Read(ctx); fault == nil || fault.Kind != FaultTransient || !strings.Contains(fault.Message, "called off") {
		t.Errorf("%v", fault)
	}
}

func TestAllTriesTogetherHaveTenSeconds(t *testing.T) {
	var deadlines []time.Time
	o := Options{Key: fixedKey(theKey), Transport: trip(func(r *http.Request) (*http.Response, error) {
		at, _ := r.Context().Deadline()
		deadlines = append(deadlines, at)
		return &http.Response{StatusCode: 401, Body: http.NoBody, Header: http.Header{}}, nil
	})}
	before := time.Now()
	New(o).Read(t.Context())
	if len(deadlines) != 2 || !deadlines[0].Equal(deadlines[1]) {
		t.Fatalf("%v", deadlines)
	}
	if most := deadlines[0].Sub(before); most > deadline+time.Minute || most <= 0 {
		t.Errorf("%v", most)
	}
	_, fault := New(Options{Key: fixedKey(theKey), Transport: trip(func(*http.Request) (*http.Response, error) {
		return nil, context.DeadlineExceeded
	})}).Read(t.Context())
	if fault.Kind != FaultTransient || fault.Message != "no answer in time" {
		t.Errorf("%v", fault)
	}
}

func TestACertificateOfSomebodyElseIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(says(good))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	o := Options{BaseURL: s.URL, Key: fixedKey(theKey)}
	if _, fault := New(o).Read(t.Context()); fault == nil || fault.Kind != FaultRefused || !strings.Contains(fault.Message, "certificate") {
		t.Errorf("%v", fault)
	}
	o.Transport = s.Client().Transport // which knows it
	o.Now = func() time.Time { return today }
	if _, fault := New(o).Read(t.Context()); fault != nil {
		t.Errorf("%v", fault)
	}
}

func TestAnOlderTLSIsNotSpoken(t *testing.T) {
	for version, spoken := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		s := httptest.NewUnstartedServer(says(good))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}
		s.StartTLS()
		own := ownTransport()
		own.TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		o := Options{BaseURL: s.URL, Key: fixedKey(theKey), Transport: own, Now: func() time.Time { return today }}
		if _, fault := New(o).Read(t.Context()); (fault == nil) != spoken {
			t.Errorf("%s: %v", tls.VersionName(version), fault)
		}
		s.Close()
	}
}

func TestNoConnectionAndNoKey(t *testing.T) {
	s := newSite(t, says(good))
	s.Close()
	if _, fault := s.client().Read(t.Context()); fault == nil || fault.Kind != FaultTransient || !strings.Contains(fault.Message, "no connection") {
		t.Errorf("%v", fault)
	}
	none := Keys(KeyOptions{Account: "work", Env: func(string) string { return "" }})
	_, fault := s.client(func(o *Options) { o.Key = none }).Read(t.Context())
	if fault == nil || fault.Kind != FaultNoKey || fault.HTTP != 0 || fault.Hint != "quotad config set account.work.provider.key_file PATH" {
		t.Errorf("%+v", fault)
	}
}

func TestTheTransportKeepsNothing(t *testing.T) {
	own := ownTransport()
	if own.TLSClientConfig != nil && own.TLSClientConfig.InsecureSkipVerify {
		t.Error("certificates are not verified")
	}
	if !own.DisableKeepAlives || own.Proxy == nil {
		t.Error("connections are kept, or a proxy is not asked")
	}
	if c := New(Options{}); c.http.Jar != nil {
		t.Error("cookies are kept")
	}
}

// keeper is a KeySource that keeps a key until it is refused.
type keeper struct{ keys []string }

func (k *keeper) Key(context.Context) (string, error) { return k.keys[0], nil }
func (k *keeper) Forget()                             { k.keys = k.keys[1:] }

func TestAKeptKeyThatIsRefusedIsReadAnew(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == theKey {
			io.WriteString(w, good)
			return
		}
		io.WriteString(w, `{"code":1000,"success":false}`)
	})
	if r, fault := s.client(func(o *Options) { o.Key = &keeper{[]string{"an-older-key", theKey}} }).Read(t.Context()); fault != nil || told(r) != "5h 34%" {
		t.Errorf("%v", fault)
	}
	s.requests = nil
	if _, fault := s.client(func(o *Options) { o.Key = &keeper{[]string{"an-older-key", "an-older-key"}} }).Read(t.Context()); fault.Kind != FaultKey || len(s.requests) != 2 {
		t.Errorf("%v, %d requests", fault, len(s.requests))
	}
}

// Whatever comes back, and wherever it has the key, nothing that is kept does.
func TestTheKeyIsInNothingThatIsKept(t *testing.T) {
	id, secret, _ := strings.Cut(theKey, ".")
	bodies := []string{
		theKey, "<html>" + theKey + "</html>", `{"code":1000,"msg":"bad key ` + theKey + `","success":false}`,
		`{"code":500,"msg":"Bearer ` + theKey + `","success":false}`, `{"data":null,"key":"` + secret + `"}`,
		ok(`"`+theKey+`"`, `{"type":"`+theKey+`","unit":9}`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1}`),
		ok(`"pro"`, `{"type":"`+id+`","unit":9}`),
		`{"data":[{"productName":"` + theKey + `","status":"VALID"}]}`,
		strings.Repeat(" ", maxRaw-10) + theKey, strings.Repeat(theKey, 60000),
	}
	for _, body := range bodies {
		for _, code := range []int{200, 302, 401, 403, 500} {
			s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://elsewhere.invalid/"+theKey)
				status(code, body)(w, nil)
			})
			r, fault := s.client().Read(t.Context())
			keepsNothing(t, r.Level, r.Unknown, fault)
			told, tier, fault := s.client().ReadPlan(t.Context())
			keepsNothing(t, told, tier, fault)
			s.Close()
		}
	}
	for _, err := range []error{errors.New(theKey), &net.OpError{Op: "dial", Err: errors.New(theKey)}} {
		_, fault := New(Options{Key: fixedKey(theKey), Transport: trip(func(*http.Request) (*http.Response, error) { return nil, err })}).Read(t.Context())
		keepsNothing(t, fault)
	}
	_, fault := New(Options{BaseURL: "http://127.0.0.1:1/" + theKey, Key: fixedKey(theKey)}).Read(t.Context())
	keepsNothing(t, fault)
}
