package config

import (
	"strings"
	"testing"
)

// lab is a plan; a row added to it begins on line 9.
const lab = "[[plan]]\nid = \"lab/x\"\nunit = \"credits\"\n[[plan.window]]\nname=\"5h\"\nkind=\"fixed\"\nlength=\"5h\"\ncap=5\n"

func TestComplaints(t *testing.T) {
	for _, c := range []struct{ title, text, want string }{
		// The text as such.
		{"no TOML", "x", "config.toml:1:1: not valid TOML: "},
		{"an open string", "a = 1\nb = \"x\n", "config.toml:2:"},
		{"a key twice", "[log]\nlevel=\"info\"\nlevel=\"info\"", "config.toml:3:1: not valid TOML: "},
		{"a day that no month has", "[account.a]\nsubscribed=2026-02-30", "config.toml:2:20: not valid TOML: "},

		// Unknown keys.
		{"a mistyped table", "[notfy]\n", `config.toml:1:2: notfy: unknown key; did you mean "notify"?`},
		{"a mistyped key", "[notify]\n  treshold = [5]", `config.toml:2:3: notify.treshold: unknown key; did you mean "thresholds"?`},
		{"a key like no other", "[log]\nxyzzyx = 1", "config.toml:2:1: log.xyzzyx: unknown key; expected one of level"},
		{"a dotted key", "account.default.subscribe = 2026-01-01", `config.toml:1:17: account.default.subscribe: unknown key; did you mean "subscribed"?`},
		{"a key in an inline table", "log = { level = \"info\", lvl = 1 }", `config.toml:1:25: log.lvl: unknown key; did you mean "level"?`},
		{"a key inside the provider's", "[account.a.provider]\nkey = \"secret\"", `config.toml:2:1: account.a.provider.key: unknown key; the provider's key`},
		{"a key of a row", lab + "[[plan.rate]]\nmodel=\"m\"\ninput=1\ncached=1\noutput=1\noff_peak=1", "config.toml:14:1: plan.rate.off_peak: unknown key"},

		// Wrong types.
		{"a table that is none", "notify = 5", "config.toml:1:10: notify: expected a table, not a whole number"},
		{"one table for a list", "[plan]\nid = \"x\"", "config.toml:1:2: plan: expected an array of tables, not one table; write [[plan]]"},
		{"a list of other things", "plan = [5]", "config.toml:1:9: plan: expected a table, not a whole number"},
		{"a string for a boolean", "[notify]\ndesktop = \"yes\"", "config.toml:2:11: notify.desktop: expected true or false, not a string"},
		{"a number for a string", "[account.a]\nplan = 2", "config.toml:2:8: account.a.plan: expected a string, not a whole number"},
		{"a string in a list of numbers", "[notify]\nthresholds = [5, \"6\"]", "config.toml:2:18: notify.thresholds: expected a whole number, not a string"},
		{"a number for a list", "[notify]\nthresholds = 5", "config.toml:2:14: notify.thresholds: expected an array of whole numbers such as [75, 90, 100], not a whole number"},
		{"a string for a command", "[notify]\ncommand = \"x\"", "config.toml:2:11: notify.command: expected an array"},
		{"a date in quotes", "[account.a]\nsubscribed = \"2026-01-01\"", "config.toml:2:14: account.a.subscribed: expected a date and time without quotes"},
		{"a fraction for a whole number", "[store]\nretention_days = 40.5", "config.toml:2:18: store.retention_days: expected a whole number, not a number with a fraction"},
		{"a number for a length", strings.Replace(lab, `"5h"`+"\ncap", "5\ncap", 1), "config.toml:7:8: plan.window.length: expected a duration"},

		// Values out of range.
		{"a threshold above 100", "[notify]\nthresholds = [75,\n  175]", "config.toml:3:3: notify.thresholds: 175 is out of range: 1 to 100"},
		{"a threshold of 0", "[notify]\nthresholds = [0]", "config.toml:2:15: notify.thresholds: 0 is out of range: 1 to 100"},
		{"a retention shorter than a month", "[store]\nretention_days = 5", "config.toml:2:18: store.retention_days: 5 is out of range: 35 to 36500"},
		{"a level of no log", "[log]\nlevel = \"loud\"", `config.toml:2:9: log.level: "loud" is not known; expected one of trace, debug, info, warn, error`},
		{"hours that are no hours", "[notify]\nquiet_hours = \"23-8\"", `config.toml:2:15: notify.quiet_hours: "23-8" is not a stretch of the day`},
		{"hours that end where they start", "[notify]\nquiet_hours = \"08:00-08:00\"", "config.toml:2:15: notify.quiet_hours: "},
		{"an empty program", "[notify]\ncommand = [\"\"]", "config.toml:2:11: notify.command: the program is empty"},
		{"a year of no subscription", "[account.a]\nsubscribed = 1970-01-01", "config.toml:2:14: account.a.subscribed: the year 1969 is out of range"},

		// Accounts.
		{"a plan that is none", "[account.a]\nplan = \"v2/por\"", `config.toml:2:8: account.a.plan: "v2/por" is not a plan; did you mean "v2/pro"`},
		{"half a plan", "[account.a]\nplan = \"Pro\"", `did you mean "v1/pro" or "v2/pro" or "v3/pro"?`},
		{"a plan like no other", "[account.a]\nplan = \"enterprise-gold\"", "expected one of v1/lite, "},
		{"an account's name", "[account.\"a b\"]", `config.toml:1:10: account."a b": not an account name`},
		{"a kind that 5h cannot be", "[account.a]\nfive_hour = \"monthly\"", `config.toml:2:13: account.a.five_hour: "monthly" is not known; expected one of fixed, rolling`},
		{"a model without a name", "[account.a]\nmodel = \"zai/\"", "config.toml:2:9: account.a.model: names no model"},

		{"an end and a renewal", "[account.a]\nrenews = 2026-12-04\nends = 2026-12-05", "config.toml:3:8: account.a.ends: renews is set too; expected one of the two"},
		{"a renewal in quotes", "[account.a]\nrenews = \"2026-12-04\"", "config.toml:2:10: account.a.renews: expected a date and time without quotes"},
		{"a cycle of no plan", "[account.a]\ncycle = \"week\"", `config.toml:2:9: account.a.cycle: "week" is not known; expected one of month, quarter, year`},

		// Money.
		{"a table of no prices", "[money]\nprices = \"offical\"", `config.toml:2:10: money.prices: "offical" is not a price table; did you mean "official"?`},
		{"a table of prices that no row is of", "money.prices = \"mine\"\n[[price]]\ntable = \"yours\"\nmodel=\"m\"\ninput=1\noutput=1", "expected one of official, reseller-2026-02, yours"},
		{"a table without a name", "[[price]]\ntable = \"\"\nmodel=\"m\"\ninput=1\noutput=1", `config.toml:2:9: price.table: "" is not a name of a price table`},
		{"a price without a model", "[[price]]\ninput=1\noutput=1", "config.toml:1:3: price.model: missing"},
		{"a price without output", "[[price]]\nmodel=\"m\"\ninput=1", "config.toml:1:3: price.output: missing; expected the US$ that a million of these tokens cost"},
		{"a price below 0", "[[price]]\nmodel=\"m\"\ninput=-1\noutput=1", "config.toml:3:7: price.input: -1 is out of range: 0 to 100000"},
		{"a tool without a price", "[[price]]\ntool=\"t\"", "config.toml:1:3: price.per_call: missing; expected the US$ that one use costs"},
		{"a tool with a model", "[[price]]\ntool=\"t\"\nper_call=1\nmodel=\"m\"", "config.toml:4:1: price.model: unknown key"},
		{"a price that ends first", "[[price]]\nmodel=\"m\"\ninput=1\noutput=1\nfrom=2026-08-26\nuntil=2026-08-26", "config.toml:6:7: price.until: is not after from"},

		// The provider.
		{"a site of somebody else", "[account.a.provider]\nsite = \"z.ai.evil.tld\"", "config.toml:2:8: account.a.provider.site: "},
		{"two keys", "[account.a.provider]\nkey_file = \"/k\"\nkey_command = [\"pass\"]", "config.toml:3:15: account.a.provider.key_command: key_file is set too"},
		{"a team that is no id", "[account.a.provider]\norganization = \"my org\"\nproject = \"p\"", "config.toml:2:16: account.a.provider.organization: expected an id of the provider's: one word in ASCII"},
		{"a team without a name", "[account.a.provider]\norganization = \"o\"\nproject = \"\"", "config.toml:3:11: account.a.provider.project: expected an id"},
		{"a key in the clear", "[account.a.provider]\napi_key = \"x\"", "config.toml:2:1: account.a.provider.api_key: unknown key; the provider's key does not belong into the configuration: write it into a file of mode 0600, and name that file with key_file"},
		{"a key in the clear, of the account", "[account.a]\nkey = \"x\"", "config.toml:2:1: account.a.key: unknown key; the provider's key does not belong"},
		{"a relative key file", "[account.a.provider]\nkey_file = \"k\"", "config.toml:2:12: account.a.provider.key_file: is relative"},
		{"plain http off the machine", "[account.a.provider]\nbase_url = \"http://10.0.0.1\"", "config.toml:2:12: account.a.provider.base_url: plain http would send the key in the clear"},

		// Rules.
		{"a URL without a scheme", "[[endpoint]]\nurl = \"127.0.0.1:3456\"\nplan = true", "config.toml:2:7: endpoint.url: not an http or https URL"},
		{"a URL without a host", "[[endpoint]]\nurl = \"http:///x\"\nplan = true", "config.toml:2:7: endpoint.url: not an http or https URL"},
		{"a URL with a query", "[[endpoint]]\nurl = \"http://h/?a=b\"\nplan = true", "config.toml:2:7: endpoint.url: has a query"},
		{"a URL that would never match", "[[endpoint]]\nurl = \"http://h/a/../b\"\nplan = true", "config.toml:2:7: endpoint.url: would never match"},
		{"an endpoint with nothing behind it", "[log]\n[[endpoint]]\nurl = \"http://h\"", "config.toml:2:3: endpoint.plan: missing; expected true or false"},
		{"a tool with nothing behind it", "[tool.x]", "config.toml:1:7: tool.x.plan: missing; expected true or false"},

		// Plans.
		{"a plan without an id", strings.Replace(lab, "id = \"lab/x\"\n", "", 1), "config.toml:1:3: plan.id: missing"},
		{"an id of no shape", strings.Replace(lab, "lab/x", "lab//x", 1), `config.toml:2:6: plan.id: "lab//x" is not a plan id`},
		{"an id twice", lab + lab, `config.toml:10:6: plan.id: "lab/x" is there twice`},
		{"a unit of no plan", strings.Replace(lab, "credits", "tokens", 1), `config.toml:3:8: plan.unit: "tokens" is not known; expected one of prompts, credits`},
		{"no window", "[[plan]]\nid = \"lab/x\"", "config.toml:1:3: plan.window: missing; expected at least one [[plan.window]]"},
		{"an empty list of windows", "[[plan]]\nid = \"lab/x\"\nwindow = []", "config.toml:3:10: plan.window: empty"},
		{"a window's name twice", lab + "[[plan.window]]\nname=\"5h\"\nkind=\"rolling\"\nlength=\"5h\"\ncap=5\n", `config.toml:10:6: plan.window.name: "5h" is there twice`},
		{"a window's kind", strings.Replace(lab, "fixed", "fixd", 1), `config.toml:6:6: plan.window.kind: "fixd" is not known`},
		{"no length", strings.Replace(lab, "length=\"5h\"\n", "", 1), "config.toml:4:3: plan.window.length: missing"},
		{"a length too short", strings.Replace(lab, `length="5h"`, `length="99ms"`, 1), "config.toml:7:8: plan.window.length: 99ms is out of range: 100ms or longer"},
		{"a length that is none", strings.Replace(lab, `length="5h"`, `length="5 hours"`, 1), `config.toml:7:8: plan.window.length: "5 hours" is not a duration`},
		{"a length between milliseconds", strings.Replace(lab, `length="5h"`, `length="1.0001s"`, 1), "not a whole number of milliseconds"},
		{"a cap of 0", strings.Replace(lab, "cap=5", "cap=0", 1), "config.toml:8:5: plan.window.cap: 0 is out of range: 0.000001 to 1000000000"},
		{"a cap that is no number", strings.Replace(lab, "cap=5", "cap=nan", 1), "config.toml:8:5: plan.window.cap: NaN is out of range"},
		{"a cap without end", strings.Replace(lab, "cap=5", "cap=1e300", 1), "config.toml:8:5: plan.window.cap: 1e+300 is out of range"},
		{"a cap in inline tables", "plan = [\n {id=\"x\", window = [{name=\"5h\", kind=\"monthly\", cap=-1}]},\n]", "config.toml:2:53: plan.window.cap: -1 is out of range"},
		{"a weight above 100", lab + "[[plan.weight]]\nmodel=\"m\"\npeak=101", "config.toml:11:6: plan.weight.peak: 101 is out of range: 0 to 100"},
		{"a rate below 0", lab + "[[plan.rate]]\nmodel=\"m\"\ninput=-1\ncached=1\noutput=1", "config.toml:11:7: plan.rate.input: -1 is out of range: 0 to 1000"},
		{"a rate that is left out", lab + "[[plan.rate]]\nmodel=\"m\"\ninput=1\ncached=1", "config.toml:9:3: plan.rate.output: missing"},
		{"a discount that is none", lab + "[[plan.discount]]\ntool=\"zcode\"\nfactor=67", "config.toml:11:8: plan.discount.factor: 67 is out of range: 0 to 1"},
		{"a discount without a factor", lab + "[[plan.discount]]\ntool=\"zcode\"", "config.toml:9:3: plan.discount.factor: missing; expected the part of the price that the tool pays, such as 0.67"},
		{"a factor above 1", lab + "[[plan.rate]]\nmodel=\"m\"\ninput=1\ncached=1\noutput=1\noff_peak_factor=2", "config.toml:14:17: plan.rate.off_peak_factor: 2 is out of range: 0 to 1"},
		{"a fee of no cycle", lab + "[[plan.fee]]\ncycle=\"week\"\nusd=1", `config.toml:10:7: plan.fee.cycle: "week" is not known; expected one of first month, month, quarter, year`},
		{"a fee of nothing", lab + "[[plan.fee]]\ncycle=\"year\"", "config.toml:9:3: plan.fee.usd: missing; expected the US$ that one cycle costs"},
		{"a tool without a name", lab + "[[plan.tool]]\ncredits=1", "config.toml:9:3: plan.tool.name: missing"},
		{"a day of no week", lab + "[[plan.peak]]\ndays=[\"mon\",\"tues\"]\nstart=\"14:00\"\nend=\"18:00\"", `config.toml:10:13: plan.peak.days: "tues" is not known; expected one of mon, tue, `},
		{"no day at all", lab + "[[plan.peak]]\ndays=[]\nstart=\"14:00\"\nend=\"18:00\"", "config.toml:10:6: plan.peak.days: no day"},
		{"a peak from 24:00", lab + "[[plan.peak]]\nstart=\"24:00\"\nend=\"18:00\"", `config.toml:10:7: plan.peak.start: "24:00" is not a time of day; expected "00:00" to "23:59"`},
		{"a peak to 24:01", lab + "[[plan.peak]]\nstart=\"14:00\"\nend=\"24:01\"", `config.toml:11:5: plan.peak.end: "24:01" is not a time of day; expected "00:00" to "24:00"`},
		{"a peak of no length", lab + "[[plan.peak]]\nstart=\"14:00\"\nend=\"14:00\"", "config.toml:11:5: plan.peak.end: is the same as start"},
		{"an offset without a sign", lab + "[[plan.peak]]\nstart=\"14:00\"\nend=\"18:00\"\nutc_offset=\"08:00\"", `config.toml:12:12: plan.peak.utc_offset: "08:00" has no sign`},
		{"an offset of no zone", lab + "[[plan.peak]]\nstart=\"14:00\"\nend=\"18:00\"\nutc_offset=\"+15:00\"", `config.toml:12:12: plan.peak.utc_offset: "+15:00" is out of range`},
		{"a span that ends first", lab + "[[plan.model]]\nmodel=\"m\"\nfrom=2026-08-26\nuntil=2026-08-26", "config.toml:12:7: plan.model.until: is not after from"},
	} {
		t.Run(c.title, func(t *testing.T) {
			_, err := Parse("config.toml", []byte(c.text))
			if err == nil {
				t.Fatal("no complaint")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllComplaintsAreListedInOrder(t *testing.T) {
	_, err := Parse("config.toml", []byte("[notify]\nrefesh = true\nthresholds = [175, 0]\n[log]\nlevel = 5\n[account.a]\nplan = \"x\"\n"))
	var places []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		place, _, _ := strings.Cut(line, ": ")
		places = append(places, place)
	}
	want := "config.toml:2:1 config.toml:3:15 config.toml:3:20 config.toml:5:9 config.toml:7:8"
	if got := strings.Join(places, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestComplaintsTellNoSecret(t *testing.T) {
	for _, text := range []string{
		"[account.a.provider]\nkey = \"s3cret\"",
		"[account.a.provider]\nAPI-Key = \"s3cret\"",
		"[account.a]\ntoken = [\"s3cret\"]",
		"[account.a.provider]\nkey_file = \"s3cret\"",
		"[account.a.provider]\nkey_command = \"s3cret\"",
		"[account.a.provider]\nbase_url = \"http://me:s3cret@127.0.0.1/\"",
		"[account.a.provider]\nbase_url = \"ftp://127.0.0.1/s3cret\"",
		"[account.a.provider]\nkey = \"s3cret\nx\"",
		"[[endpoint]]\nurl = \"http://me:s3cret@h\"\nplan = true",
		"[[endpoint]]\nurl = \"http://h/?key=s3cret\"\nplan = true",
	} {
		_, err := Parse("config.toml", []byte(text))
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	_, err := Parse("config.toml", make([]byte, maxFile+1))
	if err == nil || !strings.Contains(err.Error(), "config.toml:1:1: larger than 1 MiB") {
		t.Errorf("error %v", err)
	}
}
