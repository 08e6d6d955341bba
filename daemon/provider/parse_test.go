package provider

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"quotad/quota"
)

// today is when the answers of these tests come.
var today = time.Date(2026, 9, 20, 12, 0, 0, 0, time.UTC)

// in is an instant from today on, as the provider writes it.
func in(d time.Duration) string { return fmt.Sprint(today.Add(d).UnixMilli()) }

func ok(level string, rows ...string) string {
	return `{"code":200,"msg":"Operation successful","data":{"limits":[` + strings.Join(rows, ",") + `],"level":` + level + `},"success":true}`
}

// told writes readings down in short.
func told(r Reply) string {
	var words []string
	for _, x := range r.Readings {
		w := x.Window
		if x.Percent != nil {
			w += fmt.Sprintf(" %v%%", *x.Percent)
		}
		if x.Used != nil {
			w += fmt.Sprintf(" used %v", *x.Used)
		}
		if x.Cap != nil {
			w += fmt.Sprintf(" of %v", *x.Cap)
		}
		if x.ResetsAt != nil {
			w += " in " + x.ResetsAt.Sub(today).String()
		}
		words = append(words, w)
	}
	return strings.Join(words, "; ")
}

const (
	hours = 2*time.Hour + 31*time.Millisecond
	days  = 4 * 24 * time.Hour
)

func TestParseReadsEveryShapeOfAGoodAnswer(t *testing.T) {
	for _, c := range []struct{ title, body, plan, want string }{
		{"v1 with the numbers of tokens, month first and without a reset, details that add up to something else, no level",
			`{"code":200,"msg":"操作成功","data":{"limits":[
				{"type":"TIME_LIMIT","unit":5,"number":1,"usage":100,"currentValue":23,"remaining":77,"percentage":23,"usageDetails":[{"modelCode":"search-prime","usage":61},{"modelCode":"zread"}]},
				{"type":"TOKENS_LIMIT","unit":3,"number":5,"usage":40000000,"currentValue":12500000,"remaining":27500000,"percentage":31,"nextResetTime":` + in(hours) + `}]},"success":true}`,
			"v1/lite", "5h 31.25% in 2h0m0.031s; month 23% used 23 of 100"},
		{"v1 in percent alone", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":34,"nextResetTime":`+in(hours)+`}`,
			`{"type":"TIME_LIMIT","unit":5,"number":1,"usage":1000,"currentValue":9,"remaining":991,"percentage":1,"nextResetTime":`+in(20*24*time.Hour)+`}`),
			"v1/pro", "5h 34% in 2h0m0.031s; month 1% used 9 of 1000 in 480h0m0s"},
		{"v1 with more used than there is", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"usage":200000000,"currentValue":201000000,"remaining":0,"percentage":100,"nextResetTime":`+in(hours)+`}`),
			"v1/pro", "5h 100.5% in 2h0m0.031s"},
		{"v2", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":17,"nextResetTime":`+in(hours)+`}`,
			`{"type":"TOKENS_LIMIT","unit":6,"number":1,"percentage":3,"nextResetTime":`+in(days)+`}`,
			`{"type":"TIME_LIMIT","unit":5,"number":1,"usage":1000,"currentValue":0,"remaining":1000,"percentage":0}`),
			"v2/pro", "5h 17% in 2h0m0.031s; week 3% in 96h0m0s; month 0% used 0 of 1000"},
		{"v2 with a week of 7, rows in another order, no code", `{"success":true,"data":{"limits":[
				{"type":"TOKENS_LIMIT","percentage":38,"nextResetTime":` + in(days) + `,"unit":6,"number":7},
				{"type":"TIME_LIMIT","usage":100,"currentValue":0,"percentage":0,"remaining":100,"unit":5,"number":1},
				{"type":"TOKENS_LIMIT","percentage":82,"unit":3,"number":5}]}}`,
			"v2/lite", "5h 82%; week 38% in 96h0m0s; month 0% used 0 of 100"},
		{"v2 trimmed to the figures: neither code nor success nor level nor number",
			`{"data":{"limits":[{"type":"TIME_LIMIT","unit":5,"percentage":1},{"type":"TOKENS_LIMIT","unit":3,"percentage":13},{"type":"TOKENS_LIMIT","unit":6,"percentage":46}]}}`,
			"", "5h 13%; week 46%; month 1%"},
		{"v2 with the week used up while the 5 hours are not open", ok(`"max"`,
			`{"type":"TOKENS_LIMIT","unit":3,"number":5,"percentage":0}`,
			`{"type":"TOKENS_LIMIT","unit":6,"number":1,"percentage":100,"nextResetTime":`+in(days)+`}`),
			"v2/max", "5h 0%; week 100% in 96h0m0s"},
		{"v3", ok(`"max"`,
			`{"type":"CREDIT_LIMIT","unit":3,"number":5,"usage":28000,"currentValue":1168,"remaining":26831,"percentage":4,"nextResetTime":`+in(hours)+`}`,
			`{"type":"CREDIT_LIMIT","unit":6,"number":1,"usage":140000,"currentValue":1612,"remaining":138387,"percentage":1,"nextResetTime":`+in(days)+`}`),
			"v3/max", "5h 4% used 1168 of 28000 in 2h0m0.031s; week 1% used 1612 of 140000 in 96h0m0s"},
		{"v3 that is not open", ok(`"lite"`,
			`{"type":"CREDIT_LIMIT","unit":3,"usage":2000,"currentValue":0,"remaining":2000,"percentage":0}`,
			`{"type":"CREDIT_LIMIT","unit":6,"usage":10000,"currentValue":9855,"remaining":145,"percentage":98,"nextResetTime":`+in(days)+`}`),
			"v3/lite", "5h 0% used 0 of 2000; week 98% used 9855 of 10000 in 96h0m0s"},
		{"v3 with decimals, which are kept", ok(`"lite"`, `{"type":"CREDIT_LIMIT","unit":6,"usage":10000,"currentValue":2004.25,"percentage":20}`),
			"v3/lite", "week 20% used 2004.25 of 10000"},
		{"v3 in percent alone", ok(`"pro"`, `{"type":"CREDIT_LIMIT","unit":3,"percentage":7}`), "v3/pro", "5h 7%"},
		{"numbers in strings, a code in a string", `{"code":"200","data":{"level":"PRO","limits":[
				{"type":"credit_limit","unit":"3","usage":"12000","currentValue":" 1.5 ","percentage":"1","nextResetTime":"` + in(hours) + `"}]}}`,
			"v3/pro", "5h 1% used 1.5 of 12000 in 2h0m0.031s"},
		{"success with code 0", `{"success":true,"code":0,"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3,"percentage":5.0}]}}`, "", "5h 5%"},

		{"no figures, and yet a reset", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":null,"nextResetTime":`+in(hours)+`}`), "v1/pro", "5h in 2h0m0.031s"},
		{"a row that says nothing is left out", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"number":5}`, `{"type":"TOKENS_LIMIT","unit":6,"percentage":2}`), "v2/pro", "week 2%"},
		{"a cap of tokens alone says nothing, one of credits does", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"usage":40000000}`, `{"type":"CREDIT_LIMIT","unit":6,"usage":60000}`), "v3/pro", "week of 60000"},
		{"what is left is not what was used", ok(`"pro"`, `{"type":"CREDIT_LIMIT","unit":3,"usage":2000,"remaining":0,"percentage":1}`), "v3/pro", "5h 1% of 2000"},

		{"a reset in seconds", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1,"nextResetTime":1789900000}`), "v1/pro", "5h 1%"},
		{"a reset two days ago", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1,"nextResetTime":`+in(-48*time.Hour)+`}`), "v1/pro", "5h 1%"},
		{"a reset an hour ago", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1,"nextResetTime":`+in(-time.Hour)+`}`), "v1/pro", "5h 1% in -1h0m0s"},
		{"a reset in two months", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1,"nextResetTime":`+in(60*24*time.Hour)+`}`), "v1/pro", "5h 1%"},
		{"a reset that is a word", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1,"nextResetTime":"soon"}`), "v1/pro", "5h 1%"},

		{"figures that make no sense are missing", ok(`"pro"`,
			`{"type":"CREDIT_LIMIT","unit":3,"usage":0,"currentValue":-5,"percentage":-1}`,
			`{"type":"CREDIT_LIMIT","unit":6,"usage":1e300,"currentValue":true,"percentage":12}`), "v3/pro", "week 12%"},
		{"a percentage that is a word", ok(`"pro"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":"NaN"}`, `{"type":"TOKENS_LIMIT","unit":6,"percentage":2}`), "v2/pro", "week 2%"},
		{"rows that are none are passed over", ok(`"pro"`, `null`, `5`, `"x"`, `[]`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":2}`), "v1/pro", "5h 2%"},

		{"a window twice: the one with figures", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"nextResetTime":`+in(hours)+`}`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":9}`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":10}`),
			"v1/pro", "5h 9%"},
		{"a window in tokens and in credits: credits", ok(`"pro"`,
			`{"type":"TOKENS_LIMIT","unit":3,"percentage":9}`, `{"type":"CREDIT_LIMIT","unit":3,"percentage":4}`), "v3/pro", "5h 4%"},
		{"the month alone does not tell the generation", ok(`"pro"`, `{"type":"TIME_LIMIT","unit":5,"currentValue":3,"usage":1000}`), "", "month used 3 of 1000"},

		{"a standard seat, whatever its level", ok(`"pro"`,
			`{"type":"CREDIT_LIMIT","unit":6,"usage":66000,"currentValue":1}`, `{"type":"CREDIT_LIMIT","unit":3,"usage":15000,"currentValue":1}`),
			"v3/team-standard", "5h used 1 of 15000; week used 1 of 66000"},
		{"a premium seat", ok(`null`,
			`{"type":"CREDIT_LIMIT","unit":3,"usage":35000,"currentValue":1}`, `{"type":"CREDIT_LIMIT","unit":6,"usage":155000,"currentValue":1}`),
			"v3/team-premium", "5h used 1 of 35000; week used 1 of 155000"},
		{"no level, and caps that one plan has", ok(`null`,
			`{"type":"CREDIT_LIMIT","unit":3,"usage":12000,"currentValue":1}`, `{"type":"CREDIT_LIMIT","unit":6,"usage":60000,"currentValue":1}`),
			"v3/pro", "5h used 1 of 12000; week used 1 of 60000"},
		{"caps that no plan has: the level names the plan, the reading has the caps", ok(`"Max"`,
			`{"type":"CREDIT_LIMIT","unit":3,"usage":30000,"currentValue":1}`, `{"type":"CREDIT_LIMIT","unit":6,"usage":150000,"currentValue":1}`),
			"v3/max", "5h used 1 of 30000; week used 1 of 150000"},
		{"no level, and the calls of a month", ok(`null`,
			`{"type":"TOKENS_LIMIT","unit":6,"percentage":1}`, `{"type":"TIME_LIMIT","unit":5,"usage":4000,"currentValue":3}`), "v2/max", "week 1%; month used 3 of 4000"},
		{"no level, and caps of two plans", ok(`null`,
			`{"type":"CREDIT_LIMIT","unit":3,"usage":2000,"currentValue":1}`, `{"type":"CREDIT_LIMIT","unit":6,"usage":60000,"currentValue":1}`),
			"", "5h used 1 of 2000; week used 1 of 60000"},
		{"a level of no plan", ok(`"ultra"`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1}`), "", "5h 1%"},
		{"a level that is a number", ok(`7`, `{"type":"TOKENS_LIMIT","unit":3,"percentage":1}`), "", "5h 1%"},
	} {
		t.Run(c.title, func(t *testing.T) {
			r, fault := Parse([]byte(c.body), today)
			if fault != nil {
				t.Fatal(fault)
			}
			if got := told(r); got != c.want || r.Plan.ID != c.plan {
				t.Errorf("got  %q, plan %q\nwant %q, plan %q", got, r.Plan.ID, c.want, c.plan)
			}
			e := r.Event("work")
			if err := e.Check(); err != nil {
				t.Errorf("no event can be made of it: %v", err)
			}
		})
	}
}

func TestParseReadsEveryShapeOfABadAnswer(t *testing.T) {
	for _, c := range []struct {
		title, body string
		kind        FaultKind
		code        int64
	}{
		{"no header", `{"code":1001,"msg":"Authentication parameter not received in Header","success":false}`, FaultKey, 1001},
		{"no header, in Chinese", `{"code":1001,"msg":"Header中未收到Authorization参数","success":false}`, FaultKey, 1001},
		{"a bad key", `{"code":1000,"msg":"身份验证失败。","success":false}`, FaultKey, 1000},
		{"a key that is over", `{"code":1003,"success":false}`, FaultKey, 1003},
		{"another bad key", `{"code":"1005","success":false}`, FaultKey, 1005},
		{"401 inside", `{"code":401,"msg":"token expired or incorrect","success":false,"data":null}`, FaultKey, 401},
		{"401 without success", `{"code":401,"msg":"x"}`, FaultKey, 401},
		{"401 beside a success without data", `{"code":401,"success":true,"data":null}`, FaultKey, 401},
		{"a key refused as the model's endpoints have it", `{"error":{"code":"1001","message":"x"}}`, FaultKey, 1001},
		{"no plan", `{"code":500,"msg":"当前用户不存在coding plan","success":false}`, FaultNoPlan, 500},
		{"no plan, in other words", `{"code":500,"msg":"token expired","success":false}`, FaultNoPlan, 500},
		{"no balance", `{"success":false,"code":1113,"msg":"Insufficient balance or no resource package","data":null}`, FaultBalance, 1113},
		{"a code that nobody knows", `{"success":false,"code":1234}`, FaultTransient, 1234},
		{"too many requests", `{"error":{"code":"1302","message":"High concurrency"}}`, FaultTransient, 1302},
		{"a failure without a code", `{"success":false,"msg":"Authentication failed"}`, FaultTransient, 0},
		{"a failure in a string", `{"success":"false","code":"1000"}`, FaultKey, 1000},
		{"a failure that has figures", `{"success":false,"code":500,"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3,"percentage":0}]}}`, FaultNoPlan, 500},

		{"data null", `{"success":true,"code":0,"msg":"ok","data":null}`, FaultEmpty, 0},
		{"no data", `{"success":true,"code":200}`, FaultEmpty, 0},
		{"data without anything", `{"code":200,"success":true,"data":{}}`, FaultEmpty, 0},
		{"no limits", `{"code":200,"success":true,"data":{"limits":[],"level":null}}`, FaultEmpty, 0},
		{"limits null", `{"code":200,"success":true,"data":{"limits":null,"level":"pro"}}`, FaultEmpty, 0},
		{"only rows that nobody knows", `{"data":{"limits":[{"type":"POINT_LIMIT","unit":3,"percentage":5}]}}`, FaultEmpty, 0},
		{"only rows without figures", `{"data":{"limits":[{"type":"TOKENS_LIMIT","unit":3}]}}`, FaultTransient, 0},

		{"nothing", ``, FaultTransient, 0},
		{"a page", `<html><body>502 Bad Gateway</body></html>`, FaultTransient, 0},
		{"half an answer", `{"code":200,"data":{"limits":[{"type":"TOK`, FaultTransient, 0},
		{"an answer and more", `{"code":200} x`, FaultTransient, 0},
		{"null", `null`, FaultTransient, 0},
		{"a list", `[]`, FaultTransient, 0},
		{"data that is a list", `{"code":200,"data":[]}`, FaultTransient, 0},
		{"limits that are none", `{"code":200,"data":{"limits":{"a":1}}}`, FaultTransient, 0},
	} {
		t.Run(c.title, func(t *testing.T) {
			r, fault := Parse([]byte(c.body), today)
			if fault == nil {
				t.Fatalf("no fault, and %s", told(r))
			}
			if fault.Kind != c.kind || fault.Code != c.code || fault.Message == "" || string(fault.Raw) != c.body {
				t.Errorf("%v, code %d, raw %q", fault, fault.Code, fault.Raw)
			}
			if len(r.Readings) > 0 || !r.Plan.IsZero() {
				t.Errorf("a fault with figures: %+v", r)
			}
		})
	}
}

func TestUnknownRowsAreKeptAsTheyStand(t *testing.T) {
	r, fault := Parse([]byte(ok(`"pro"`,
		`{"type":"TOKENS_LIMIT","unit":4,"number":1,"percentage":7,"currentValue":8,"usage":9}`,
		`{"type":"TIME_LIMIT","unit":3,"percentage":7}`,
		`{"type":"TOKENS_LIMIT","unit":3,"percentage":1}`,
		`{"type":"TOKENS_LIMIT","unit":3,"percentage":2}`,
		`{"unit":3.5}`)), today)
	if fault != nil {
		t.Fatal(fault)
	}
	got, _ := json.Marshal(r.Unknown)
	const want = `[{"type":"TOKENS_LIMIT","unit":4,"number":1,"percent":7,"used":8,"cap":9},{"type":"TIME_LIMIT","unit":3,"percent":7},{"type":"TOKENS_LIMIT","unit":3,"percent":2},{"type":"","unit":0}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if told(r) != "5h 1%" {
		t.Errorf("read %s", told(r))
	}
}

func TestManyUnknownRowsAreNotAllKept(t *testing.T) {
	body := ok(`"pro"`, strings.Repeat(`{"type":"`+strings.Repeat("x", 500)+`","unit":3},`, 99)+`{"type":"TOKENS_LIMIT","unit":3,"percentage":2}`)
	r, fault := Parse([]byte(body), today)
	if fault != nil || len(r.Unknown) != maxUnknown || len(r.Unknown[0].Type) != 64 {
		t.Errorf("%v, %d rows", fault, len(r.Unknown))
	}
}

func TestTheRowsOrderDoesNotMatter(t *testing.T) {
	rows := []string{
		`{"type":"CREDIT_LIMIT","unit":6,"usage":10000,"currentValue":869,"percentage":8,"nextResetTime":` + in(days) + `}`,
		`{"type":"CREDIT_LIMIT","unit":3,"usage":2000,"currentValue":412,"percentage":20,"nextResetTime":` + in(hours) + `}`,
		`{"type":"TOKENS_LIMIT","unit":3,"percentage":77}`,
		`{"type":"TIME_LIMIT","unit":5,"usage":100,"currentValue":5}`,
	}
	var first string
	for i := range rows {
		turned := append(append([]string{}, rows[i:]...), rows[:i]...)
		r, fault := Parse([]byte(ok(`"lite"`, turned...)), today)
		if fault != nil {
			t.Fatal(fault)
		}
		got := told(r) + " " + r.Plan.ID
		if first == "" {
			first = got
		}
		if got != first || r.Plan.ID != "v3/lite" || len(r.Unknown) != 1 {
			t.Errorf("%s\nwant %s", got, first)
		}
	}
}

func TestTheReplyTakesThePlanFromTheSubscriptionWhereItsLevelDoesNotTell(t *testing.T) {
	bought := today.AddDate(0, -2, 0)
	plan := quota.PlanTold{Subscribed: bought}
	for _, c := range []struct{ level, tier, want string }{
		{`null`, "max", "v2/max"}, {`"pro"`, "max", "v2/pro"}, {`null`, "", ""},
	} {
		r, fault := Parse([]byte(ok(c.level, `{"type":"TOKENS_LIMIT","unit":6,"percentage":1}`)), today)
		if fault != nil {
			t.Fatal(fault)
		}
		want := quota.PlanTold{ID: c.want, Subscribed: bought}
		if got := r.WithPlan(plan, c.tier).Plan; !reflect.DeepEqual(got, want) {
			t.Errorf("level %s, tier %q: %+v", c.level, c.tier, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, body := range []string{
		ok(`"max"`, `{"type":"CREDIT_LIMIT","unit":3,"usage":28000,"currentValue":1168.5,"percentage":4,"nextResetTime":`+in(hours)+`}`),
		ok(`null`, `{"type":"TOKENS_LIMIT","unit":"6","percentage":"1e2"}`, `{"type":"TIME_LIMIT","unit":5,"usage":1e-6,"currentValue":1e12}`),
		`{"code":"1000","success":false}`, `{"data":{"limits":[null,{"type":"\u0000"}]}}`, `<html>`, "{\"msg\":\"\xff\"}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, fault := Parse(body, today)
		if fault != nil {
			if len(r.Readings) > 0 || !r.Plan.IsZero() || fault.Message == "" || fault.Error() == "" ||
				len(fault.Raw) > maxRaw || !utf8.Valid(fault.Raw) {
				t.Errorf("%+v\n%+v", r, fault)
			}
			return
		}
		e := r.Event("a")
		if err := e.Check(); err != nil {
			t.Errorf("no event can be made of it: %v", err)
		}
		if err := e.CheckTime(today, 0); err != nil {
			t.Error(err)
		}
		for _, x := range r.Readings {
			if x.ResetsAt != nil && (x.ResetsAt.Before(today.Add(-resetBehind)) || x.ResetsAt.After(today.Add(resetAhead))) {
				t.Errorf("resets at %v", x.ResetsAt)
			}
		}
		if _, err := json.Marshal(r.Unknown); err != nil {
			t.Error(err)
		}
	})
}
