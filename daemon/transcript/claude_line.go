package transcript

import (
	"strings"
	"time"
)

// claudeLine is one line of a transcript of Claude Code, as far as it is of
// use. Values are as they were written.
type claudeLine struct {
	kind      string
	subtype   string
	at        time.Time
	sidechain bool // of a subagent
	meta      bool // what Claude Code tells the model by itself
	summary   bool // of what was said before, after a compaction
	apiError  bool // what Claude Code says where no answer came
	ended     bool // the answer has told why it stopped

	uuid, promptID, source, session, cwd, agent, failure []byte
	requestID, requestRef                                []byte
	message                                              []byte
}

// parseClaude takes a line apart; it is false where that is no JSON object.
func parseClaude(line []byte) (l claudeLine, ok bool) {
	m := object(line)
	for m.next() {
		l.set(string(m.key), m.value)
	}
	return l, !m.wrong
}

func (l *claudeLine) set(key string, value []byte) {
	if string(value) == "null" {
		return
	}
	switch key {
	case "type":
		l.kind = word(value, maxName)
	case "subtype":
		l.subtype = word(value, maxName)
	case "timestamp":
		l.at = instant(value)
	case "isSidechain":
		l.sidechain = truth(value)
	case "isMeta":
		l.meta = truth(value)
	case "isCompactSummary":
		l.summary = truth(value)
	case "isApiErrorMessage":
		l.apiError = truth(value)
	case "uuid":
		l.uuid = value
	case "promptId":
		l.promptID = value
	case "promptSource":
		l.source = value
	case "sessionId":
		l.session = value
	case "cwd":
		l.cwd = value
	case "agentId":
		l.agent = value
	case "error":
		l.failure = value
	case "requestId":
		l.requestID = value
	case "requestRef":
		l.requestRef = value
	case "message":
		l.message = value
	}
}

// retried reports whether the line is about a request that the provider refused
// and that is made again.
func (l *claudeLine) retried() bool {
	return l.kind == "system" && l.subtype == "api_error" && string(member(l.failure, "status")) == "429"
}

// side is 1 for the lines of subagents, else 0.
func (l *claudeLine) side() int {
	if l.sidechain {
		return 1
	}
	return 0
}

// chain names the conversation that a line belongs to: within one, an answer
// has ended where the next begins.
func (l *claudeLine) chain() string {
	if !l.sidechain {
		return ""
	}
	return "side " + word(l.agent, maxName)
}

// promptKey is what a prompt has in common with its copies in other files: a
// session that is forked, in old versions also one that is resumed, begins with
// the lines of the one before.
func (l *claudeLine) promptKey(uuid string) []string {
	if uuid != "" {
		return []string{uuid}
	}
	return []string{"", word(l.promptID, maxName), word(l.session, maxName), l.at.String()}
}

// beginningSize is how much of a message's text is looked at.
const beginningSize = 4 << 10

// said is what a message says: the beginning of its first text.
type said struct {
	text       string
	toolResult bool // it hands over what a tool gave
}

func (l *claudeLine) said() said {
	content := member(l.message, "content")
	if len(content) > 0 && content[0] == '"' {
		return said{text: word(content, beginningSize)}
	}
	var all said
	for parts := array(content); parts.next(); {
		kind := word(member(parts.value, "type"), maxName)
		all.toolResult = all.toolResult || kind == "tool_result"
		if kind == "text" && all.text == "" {
			all.text = word(member(parts.value, "text"), beginningSize)
		}
	}
	return all
}

// verdict says why a line of the user's side is a prompt of a person, or not.
type verdict int

// The verdicts.
const (
	promptCounted verdict = iota
	notSubagent           // what Claude Code asked a subagent
	notMeta               // what Claude Code tells the model by itself
	notSummary            // of what was said before a compaction
	notToolResult         // what a tool gave
	notPerson             // a turn that Claude Code began by itself
	notMarked             // what a command of Claude Code left behind
)

func (v verdict) String() string {
	return [...]string{
		"a prompt", "of a subagent", "of Claude Code itself", "a summary", "a tool's result",
		"a turn nobody asked for", "left by a command",
	}[v]
}

// judge tells whether a line is a prompt. Versions that write where prompts
// come from leave that out for custom commands alone. Older ones are known by
// what the text begins with.
func (l *claudeLine) judge(words said, sourced bool) verdict {
	switch {
	case l.sidechain:
		return notSubagent
	case l.meta:
		return notMeta
	case l.summary:
		return notSummary
	case words.toolResult:
		return notToolResult
	case l.source != nil:
		return judgeSource(word(l.source, maxName))
	case strings.HasPrefix(words.text, "<command-message>"):
		return promptCounted
	case sourced || leftByCommand(words.text):
		return notMarked
	}
	return promptCounted
}

func judgeSource(source string) verdict {
	switch source {
	case "typed", "queued", "sdk":
		return promptCounted
	}
	return notPerson
}

// leftByCommand knows the texts that older versions wrote as a user's.
func leftByCommand(text string) bool {
	for _, mark := range []string{
		"<command-name>", "<local-command-", "<bash-input>", "<bash-stdout>", "<bash-stderr>",
		"<task-notification>", "<system-reminder>", "[Request interrupted by user",
		"This session is being continued from a previous conversation", "Caveat:",
	} {
		if strings.HasPrefix(text, mark) {
			return true
		}
	}
	return false
}
