package notify

import "quotad/quota"

// Severity says how much a notice matters; it shows in its icon.
type Severity int

// The severities.
const (
	Info    Severity = iota // good to know
	Warning                 // work may stop
)

// Icon is the name of the icon, as the freedesktop naming specification has it.
func (s Severity) Icon() string {
	if s == Warning {
		return "dialog-warning"
	}
	return "dialog-information"
}

// message is the words of one kind of notice. Names in braces stand for facts;
// some are empty, and only say when a sentence fits. Of each row of sentences
// the first whose facts are all known is said; a row without one is left out.
type message struct {
	kind     quota.NoticeKind
	severity Severity
	title    []string
	body     [][]string
}

// What is said in several kinds of notice.
var (
	roomLeft  = []string{"No {units} left.{none_left}", "{about_cap}{left} of {cap} {units} left."}
	fullAgain = []string{"Full again {reset}, in {wait}.", "Room comes back from {clock} on, in {wait}."}
	blocked   = []string{"Work can go on in {blocked_for}, {blocked_until}, when {blocker} is full again."}
	others    = []string{"{others}"}
)

// messages are all the words of notices: a table that is there without being
// made, since every start of the program would wait for that, a hook's too.
var messages = [...]message{
	{
		kind:     quota.NoticeThreshold,
		severity: Warning,
		title:    []string{"{window}: {percent} % used"},
		body:     [][]string{{"Past the {mark} % mark."}, roomLeft, fullAgain, blocked, others},
	},
	{
		kind:     quota.NoticeExhausted,
		severity: Warning,
		title:    []string{"{window}: exhausted"},
		body: [][]string{
			{
				"No MCP calls until {clock}; prompts are not affected.{tools_only}",
				blocked[0],
				"Work can go on in {wait}, {go_on}.",
				"When it is full again is not known.",
			},
			others,
		},
	},
	{
		kind:     quota.NoticeRefreshed,
		severity: Info,
		title:    []string{"{window}: refreshed"},
		body: [][]string{
			{
				"Full again since {since}: {about}{cap} {units}.{untouched}",
				"Full again since {since}; {about}{left} of {cap} {units} left.",
				"Full again: {about}{cap} {units}.{untouched}",
				"Full again; {about}{left} of {cap} {units} left.",
				"Full again.",
			},
			blocked,
			others,
		},
	},
	{
		kind:     quota.NoticeForecast,
		severity: Warning,
		title:    []string{"{window}: runs out {runs_out} at this pace", "{window}: runs out too early at this pace"},
		body:     [][]string{{"{too_early} before it is full again {reset}."}, roomLeft, blocked, others},
	},
	{
		kind:     quota.NoticeEarlyRefresh,
		severity: Info,
		title:    []string{"{window}: refreshed early"},
		body:     [][]string{{"The provider counts less than before."}, roomLeft, fullAgain, blocked, others},
	},
	{
		kind:     quota.NoticeProvider,
		severity: Warning,
		title:    []string{"GLM ({account}): the provider's figures are not read", "GLM: the provider's figures are not read"},
		body:     [][]string{{"{Trouble}."}, {"What your tools report is counted as before. quotad doctor says what to do."}},
	},
	{
		kind:     quota.NoticeDigest,
		severity: Info,
		title:    []string{"While it was quiet: {notices}"},
		body:     [][]string{{"{digest}"}},
	},
	{
		kind:     quota.NoticeRenewal,
		severity: Info,
		title: []string{
			"{plan} ends {day}{ends}", "{plan} renews {day}: US$ {fee}", "{plan} renews {day}", "GLM Coding Plan renews or ends {day}", "GLM Coding Plan renews or ends",
		},
		body: [][]string{{
			"In {wait}. It is not renewed: what it allows is at an end then.{ends}",
			"In {wait}, for a {cycle}.",
			"In {wait}.",
		}},
	},
	{
		kind:     NoticeTest,
		severity: Info,
		title:    []string{"quotad: a test"},
		body:     [][]string{{"Notices will look like this one."}},
	},
}

// NoticeTest is the kind of a notice that a person asked for to see whether
// notices arrive.
const NoticeTest quota.NoticeKind = "test"

// Names of windows and units.
const (
	windowTitle  = "GLM {name}"
	accountTitle = "GLM {name} ({account})"
	accountPlan  = "{name} ({account})"
	otherWindow  = "{Name}: {percent} %."
	otherFull    = "{Name}: exhausted."
	digestLine   = "{title}. {body}"
	toolCall     = "MCP call"
)

// windowName is a window in the middle of a sentence and in a title, and with
// its article.
func windowName(window string) (name, withArticle string) {
	switch window {
	case quota.WindowFive:
		return "5-hour window", "the 5-hour window"
	case quota.WindowWeek, quota.WindowMonth:
		return window, "the " + window
	}
	return "window " + window, "window " + window
}

// messageOf is the words of a kind of notice; ok is false of a kind that has none.
func messageOf(kind quota.NoticeKind) (m message, ok bool) {
	for _, m := range messages {
		if m.kind == kind {
			return m, true
		}
	}
	return message{}, false
}
