package provider

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"quotad/quota"
)

// wall is an instant of the provider's zone.
func wall(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, quota.UTC8)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestParseSubscription(t *testing.T) {
	const long = `{"id":"1","customerId":"98765432109876543","productName":"GLM Coding Max","status":"VALID","purchaseTime":"2026-01-12 16:55:13",` +
		`"valid":"2026-09-12 16:55:13-2026-10-12 16:55:13","autoRenew":1,"nextRenewTime":"2026-10-12","inCurrentPeriod":true}`
	other := func(old, new string) string {
		if !strings.Contains(long, old) {
			panic(old)
		}
		return `{"code":200,"success":true,"data":[` + strings.Replace(long, old, new, 1) + `]}`
	}
	bought, end := wall("2026-01-12 16:55:13"), wall("2026-10-12 16:55:13")
	day := wall("2026-10-12 00:00:00")
	full := Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought, Renews: day}
	for _, c := range []struct {
		title, body string
		want        Subscription
	}{
		{"one that is renewed", other("1", "1"), full},
		{"nothing but the day of renewal", `{"data":[{"productName":"GLM Coding Pro","status":"VALID","nextRenewTime":"2026-10-16","inCurrentPeriod":true}]}`,
			Subscription{Product: "GLM Coding Pro", Tier: "pro", Renews: wall("2026-10-16 00:00:00")}},
		{"one that is not renewed ends", other(`"autoRenew":1`, `"autoRenew":0`), Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought, Ends: end}},
		{"not renewed, written as false", other(`"autoRenew":1`, `"autoRenew":false`), Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought, Ends: end}},
		{"not renewed, and no end told", other(`"valid":"2026-09-12 16:55:13-2026-10-12 16:55:13","autoRenew":1`, `"autoRenew":0`),
			Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought}},
		{"a renewal that is past: the end of the period tells", other(`"nextRenewTime":"2026-10-12"`, `"nextRenewTime":"2026-09-12"`), full},
		{"a renewal today", other(`"nextRenewTime":"2026-10-12"`, `"nextRenewTime":"2026-09-20"`),
			Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought, Renews: wall("2026-09-20 00:00:00")}},
		{"all of it past", other(`"valid":"2026-09-12 16:55:13-2026-10-12 16:55:13","autoRenew":1,"nextRenewTime":"2026-10-12"`, `"valid":"2026-08-12-2026-09-12"`),
			Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought}},
		{"days without a time", other("2026-09-12 16:55:13-2026-10-12 16:55:13\",\"autoRenew\":1", "2026-09-12-2026-10-13\",\"autoRenew\":0"),
			Subscription{Product: "GLM Coding Max", Tier: "max", Purchased: bought, Ends: wall("2026-10-13 00:00:00")}},
		{"a purchase that is yet to come", other("2026-01-12 16:55:13", "2027-01-12 16:55:13"), Subscription{Product: "GLM Coding Max", Tier: "max", Renews: day}},
		{"dates that are none", other(`"2026-01-12 16:55:13"`, `"yesterday"`), Subscription{Product: "GLM Coding Max", Tier: "max", Renews: day}},
		{"a product without a tier", other("GLM Coding Max", "GLM Maximal"), Subscription{Product: "GLM Maximal", Purchased: bought, Renews: day}},
		{"the one in its period, wherever it stands", `{"data":[` +
			`{"productName":"GLM Coding Lite","status":"VALID","purchaseTime":"2026-09-01 00:00:00","inCurrentPeriod":false},` +
			`{"productName":"GLM Coding Pro","status":"valid","purchaseTime":"2026-03-01 00:00:00","inCurrentPeriod":true},` +
			`{"productName":"GLM Coding Max","status":"EXPIRED","purchaseTime":"2026-09-02 00:00:00","inCurrentPeriod":true}]}`,
			Subscription{Product: "GLM Coding Pro", Tier: "pro", Purchased: wall("2026-03-01 00:00:00")}},
		{"of those that are valid the newest", `{"data":[` +
			`{"productName":"GLM Coding Lite","status":"VALID","purchaseTime":"2026-02-01 00:00:00"},null,` +
			`{"productName":"GLM Coding Pro","status":"VALID","purchaseTime":"2026-03-01 00:00:00"},` +
			`{"productName":"GLM Coding Max","status":"VALID"}]}`,
			Subscription{Product: "GLM Coding Pro", Tier: "pro", Purchased: wall("2026-03-01 00:00:00")}},
	} {
		t.Run(c.title, func(t *testing.T) {
			got, fault := ParseSubscription([]byte(c.body), today)
			if fault != nil {
				t.Fatal(fault)
			}
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestParseSubscriptionFaults(t *testing.T) {
	for _, c := range []struct {
		title, body string
		kind        FaultKind
	}{
		{"a bad key", `{"code":1000,"msg":"身份验证失败。","success":false}`, FaultKey},
		{"null", `{"code":200,"success":true,"data":null}`, FaultEmpty},
		{"none", `{"code":200,"success":true,"data":[]}`, FaultEmpty},
		{"none that is valid", `{"data":[{"customerId":"98765432109876543","status":"EXPIRED","inCurrentPeriod":true}]}`, FaultEmpty},
		{"another shape", `{"data":{"customerId":"98765432109876543"}}`, FaultTransient},
		{"a page", `<html>98765432109876543</html>`, FaultTransient},
	} {
		t.Run(c.title, func(t *testing.T) {
			_, fault := ParseSubscription([]byte(c.body), today)
			if fault == nil || fault.Kind != c.kind {
				t.Fatalf("%v", fault)
			}
			if bytes.Contains(fault.Raw, []byte("98765432109876543")) || strings.Contains(fault.Error(), "98765432109876543") {
				t.Errorf("who the customer is was kept: %v %s", fault, fault.Raw)
			}
		})
	}
	_, fault := ParseSubscription([]byte(`{"code":1000,"msg":"no \"such\" key","success":false}`), today)
	if string(fault.Raw) != `code 1000, msg "no \"such\" key"` {
		t.Errorf("kept %s", fault.Raw)
	}
}

func FuzzParseSubscription(f *testing.F) {
	for _, body := range []string{
		`{"data":[{"productName":"GLM Coding Pro","status":"VALID","purchaseTime":"2026-01-12 16:55:13","valid":"2026-09-12 16:55:13-2026-10-12 16:55:13","autoRenew":0,"inCurrentPeriod":true}]}`,
		`{"data":[{"status":"VALID","valid":"2026-09-12-2026-10-12","nextRenewTime":"2026-10-12"}]}`,
		`{"code":"1000","success":false}`, `{"data":{}}`, `<html>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, fault := ParseSubscription(body, today)
		if fault != nil {
			if s != (Subscription{}) || fault.Message == "" || len(fault.Raw) > maxRaw {
				t.Errorf("%+v %+v", s, fault)
			}
			return
		}
		for _, at := range []time.Time{s.Purchased, s.Renews, s.Ends} {
			if !at.IsZero() && (at.Year() < 2024 || at.Year() > 2100 || at != quota.Milli(at)) {
				t.Errorf("%v", at)
			}
		}
		if !s.Renews.IsZero() && (!s.Ends.IsZero() || s.Renews.Before(today.Add(-24*time.Hour))) {
			t.Errorf("renewed at %v, ends at %v", s.Renews, s.Ends)
		}
	})
}
