package transcript

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"quotad/quota"
)

// messageSize is how much of a message's file is read. It holds what a prompt
// changed, too, but that comes last.
const messageSize = 1 << 20

// readMessageFiles reads a session as OpenCode kept it before it had a
// database: a folder with a file for each message. Those of subagents do not
// tell which prompt they were working for.
func readMessageFiles(ctx context.Context, src Source, from Mark, take func(Item) error) (Mark, error) {
	state := stateOf(from)
	since := state.since()
	entries, err := os.ReadDir(src.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return from, fmt.Errorf("%s: %w", src.Path, ErrGone)
	}
	if err != nil {
		return from, err
	}
	root := rootOf(src.Path, filepath.Base(src.Path))
	mark := Mark{Skipped: from.Skipped}
	for _, entry := range entries { // the names are in the order of time
		if ctx.Err() != nil {
			return from, context.Cause(ctx)
		}
		info, err := entry.Info()
		if err != nil || !messageFile(entry) || info.ModTime().UnixMilli() < since {
			continue
		}
		m, ok := messageOf(filepath.Join(src.Path, entry.Name()))
		if !ok {
			mark.Skipped++
			continue
		}
		m.updated = info.ModTime().UnixMilli()
		if m.session != root {
			m.session, m.subagent, m.turn = root, true, ""
		}
		if err := state.hand(src.Tool, m, take); err != nil {
			return from, err
		}
	}
	mark.State, err = json.Marshal(state)
	return mark, err
}

func messageFile(entry fs.DirEntry) bool {
	return entry.Type().IsRegular() && strings.HasPrefix(entry.Name(), "msg_") && strings.HasSuffix(entry.Name(), ".json")
}

// nested bounds how deep subagents start others.
const nested = 16

// rootOf is the user's session that one is part of, as the files beside the
// folder of its messages tell.
func rootOf(folder, session string) string {
	sessions := filepath.Join(filepath.Dir(filepath.Dir(folder)), "session")
	projects, _ := os.ReadDir(sessions)
	for range nested {
		parent := ""
		for _, project := range projects {
			text, err := readBeginning(filepath.Join(sessions, project.Name(), filepath.Base(session)+".json"))
			if err == nil {
				parent = word(member(text, "parentID"), maxName)
			}
		}
		if parent == "" {
			break
		}
		session = parent
	}
	return session
}

func readBeginning(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, messageSize))
}

// messageOf reads one message.
func messageOf(path string) (m message, ok bool) {
	text, err := readBeginning(path)
	if err != nil {
		return m, false
	}
	for v := object(text); v.next(); {
		m.set(string(v.key), v.value)
	}
	return m, m.id != "" && m.session != "" && m.role != ""
}

func (m *message) set(key string, value []byte) {
	switch key {
	case "id":
		m.id = word(value, maxName)
	case "sessionID":
		m.session = word(value, maxName)
	case "role":
		m.role = word(value, maxName)
	case "parentID":
		m.turn = word(value, maxName)
	case "modelID":
		m.model = word(value, maxName)
	case "providerID":
		m.provider = word(value, maxName)
	case "model":
		m.model, m.provider = word(member(value, "modelID"), maxName), word(member(value, "providerID"), maxName)
	case "path":
		m.project = word(member(value, "cwd"), quota.MaxText)
	case "error":
		m.failed = string(value) != "null"
	case "time":
		m.created = number(member(value, "created"), 1<<53)
		m.completed = number(member(value, "completed"), 1<<53)
	case "tokens":
		m.tokens = opencodeTokens(value)
	}
}

// opencodeTokens reads the figures of an answer. Output excludes the reasoning.
func opencodeTokens(value []byte) quota.Tokens {
	figure := func(of []byte, key string) int64 { return number(member(of, key), quota.MaxTokens) }
	cache := member(value, "cache")
	return quota.Tokens{
		Input:  min(figure(value, "input")+figure(cache, "write"), quota.MaxTokens),
		Cached: figure(cache, "read"),
		Output: min(figure(value, "output")+figure(value, "reasoning"), quota.MaxTokens),
	}
}
