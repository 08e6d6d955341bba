// Package fakemodel is a model server on loopback for tests with real coding
// tools. It speaks as much of the Anthropic Messages, OpenAI Chat and Responses
// and Gemini interfaces as the tools need to finish a turn, and keeps what it
// was asked, so that a test can see what reached the model.
//
// Each API has a file that writes an [answer] in its words. What is answered
// does not depend on the prompt: [Server.CallTool] and [Server.Refuse] arm it,
// because tools also ask for titles and the like with a prompt's text in them.
package fakemodel

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// What every answer has, so that a test can recognize it.
const (
	Reply = "a word from the model"
	Model = "glm-4.7" // that answers, whatever was asked for

	InputTokens  = 1200 // without those that were read from cache
	CachedTokens = 300
	OutputTokens = 40
)

// maxBody bounds what is read of one request.
const maxBody = 32 << 20

// Request is one call of a tool. Its headers, which hold the key, are not kept.
type Request struct {
	Path string
	Body string
}

// ToolCall asks a tool to run one of its own functions.
type ToolCall struct {
	Names []string       // of the function: the first that the request offers is called
	Args  map[string]any // of the function
}

// Server is a running server.
type Server struct {
	Addr string // host:port on loopback

	http  *http.Server
	life  *time.Timer
	mu    sync.Mutex
	seen  []Request
	armed *ToolCall
	until time.Time // refuse until then; zero: answer
}

// Start listens on a free port of loopback, and ends by itself after life.
func Start(life time.Duration) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	s := &Server{Addr: l.Addr().String()}
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve)}
	s.life = time.AfterFunc(life, func() { s.http.Close() })
	go s.http.Serve(l)
	return s, nil
}

// Close ends the server and its connections.
func (s *Server) Close() {
	s.life.Stop()
	s.http.Close()
}

// CallTool has the next request that offers one of the functions answered with
// a call of it, once.
func (s *Server) CallTool(c ToolCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = &c
}

// ToolCalled reports whether nothing is armed any more.
func (s *Server) ToolCalled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.armed == nil
}

// Refuse has every request refused as by a plan that is used up until then; a
// zero time has them answered again.
func (s *Server) Refuse(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = until
}

// Requests gives what was asked since the last call of it.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// answer is what the model says, whatever the API.
type answer struct {
	id     string
	tool   string // the function to call; empty: Reply is said
	args   map[string]any
	stream bool
	asJSON bool // a helper request that wants an object for an answer
}

// text is what is said where no tool is called.
func (a answer) text() string {
	if a.asJSON { // of the questions that tools ask on the side, all at once
		return `{"title":"words","next_speaker":"user","model_choice":"pro","complexity_score":50,"reasoning":"none","complexity_reasoning":"none"}`
	}
	return Reply
}

// argsText is the arguments of the call as a text that is JSON.
func (a answer) argsText() string {
	text, _ := json.Marshal(a.args) // plain data: this cannot fail
	return string(text)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	write := writerOf(r.URL.Path)
	if write == nil || r.Method != http.MethodPost {
		reply(w, http.StatusNotFound, object{"error": object{"type": "not_found_error", "message": "no such call"}})
		return
	}
	a, until := s.take(r.URL.Path, body)
	if !until.IsZero() {
		refuse(w, until)
		return
	}
	write(w, a)
}

// writerOf finds the API of a path. Below which path it is served is the
// tool's setting.
func writerOf(path string) func(http.ResponseWriter, answer) {
	switch {
	case strings.HasSuffix(path, "/messages/count_tokens"):
		return countAnthropic
	case strings.HasSuffix(path, "/messages"):
		return writeAnthropic
	case strings.HasSuffix(path, "/chat/completions"):
		return writeChat
	case strings.HasSuffix(path, "/responses"):
		return writeResponses
	case strings.Contains(path, ":countTokens"):
		return countGemini
	case strings.Contains(path, ":streamGenerateContent"), strings.Contains(path, ":generateContent"):
		return writeGemini
	}
	return nil
}

// take keeps a request, and decides what is answered.
func (s *Server) take(path string, body []byte) (answer, time.Time) {
	var asked object
	_ = json.Unmarshal(body, &asked) // what is no object asks for nothing
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, Request{path, string(body)})
	a := answer{
		id:     fmt.Sprintf("%d-%d", time.Now().UnixMilli(), len(s.seen)),
		stream: asked["stream"] == true || strings.Contains(path, ":stream"),
		asJSON: wantsJSON(asked),
	}
	if s.armed == nil || !s.until.IsZero() {
		return a, s.until
	}
	offered := functions(asked["tools"])
	for _, name := range s.armed.Names {
		if slices.Contains(offered, name) {
			a.tool, a.args = name, s.armed.Args
			s.armed = nil
			break
		}
	}
	return a, s.until
}

func wantsJSON(asked object) bool {
	config, _ := asked["generationConfig"].(object)
	return config["responseMimeType"] == "application/json"
}

// functions lists what a request offers to call. Each API nests it elsewhere.
func functions(tools any) (names []string) {
	list, _ := tools.([]any)
	for _, t := range list {
		tool, _ := t.(object)
		if name, ok := tool["name"].(string); ok {
			names = append(names, name)
		}
		if f, ok := tool["function"]; ok {
			names = append(names, functions([]any{f})...)
		}
		names = append(names, functions(tool["functionDeclarations"])...)
	}
	return names
}
