package transcript

import (
	"context"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"quotad/quota"
)

const crush = "crush"

// readCrush reads the database that Crush keeps in a project. It has no figures
// for single answers, so that usage events tell nothing but the model.
func readCrush(ctx context.Context, src Source, from Mark, _ bool, take func(Item) error) (Mark, error) {
	return readDatabase(ctx, src, from, openCrush, take)
}

// Crush writes seconds where its schema says milliseconds; either is taken for
// what it must be. Its first versions did not write who provides a model.
const (
	crushRows = `
SELECT m.id, m.session_id, m.role, m.model, m.created_at, m.finished_at, m.updated_at, m.rowid, m.provider
FROM messages m WHERE (m.updated_at >= ?1 OR m.updated_at BETWEEN ?1 / 1000 AND 99999999999) AND ?2 IN ('', m.session_id)
ORDER BY m.updated_at, m.rowid`
	crushRowsOld = `
SELECT m.id, m.session_id, m.role, m.model, m.created_at, m.finished_at, m.updated_at, m.rowid, ''
FROM messages m WHERE (m.updated_at >= ?1 OR m.updated_at BETWEEN ?1 / 1000 AND 99999999999) AND ?2 IN ('', m.session_id)
ORDER BY m.updated_at, m.rowid`
	crushAnswer = `
SELECT model, provider FROM messages WHERE session_id = ? AND role = 'assistant' AND rowid > ? ORDER BY rowid LIMIT 1`
	crushAnswerOld = `
SELECT model, '' FROM messages WHERE session_id = ? AND role = 'assistant' AND rowid > ? ORDER BY rowid LIMIT 1`
	crushTurn = `
SELECT id FROM messages WHERE session_id = ? AND role = 'user' AND rowid < ? ORDER BY rowid DESC LIMIT 1`
	crushParents = "SELECT id, parent_session_id FROM sessions WHERE parent_session_id <> ''"
)

type crushMessages struct {
	*database
	family
	ask     string
	answer  string // asks for the first answer after a message
	project string
}

func openCrush(db *database) (messages, error) {
	c := crushMessages{database: db, ask: crushRows, answer: crushAnswer, project: clip(filepath.Dir(filepath.Dir(db.path)), quota.MaxText)}
	if !db.hasColumn("messages", "provider") {
		c.ask, c.answer = crushRowsOld, crushAnswerOld
	}
	var err error
	c.family, err = db.family(crushParents)
	return c, err
}

func (c crushMessages) since(updated int64, session string, each func(message) error) error {
	return c.rows(c.ask, func(row *sqlite3.Stmt) error {
		m := message{
			id: name(row, 0), project: c.project, role: name(row, 2), model: name(row, 3), provider: name(row, 8),
			created: milli(row.ColumnInt64(4)), completed: milli(row.ColumnInt64(5)), updated: milli(row.ColumnInt64(6)),
		}
		root := c.root(row.ColumnText(1))
		m.session, m.subagent = clip(root, maxName), root != row.ColumnText(1)
		if err := c.link(&m, root, row.ColumnInt64(7)); err != nil {
			return err
		}
		return each(m)
	}, updated, session)
}

// link tells a prompt who answers it, which its own row does not say, and an
// answer which prompt it is for. Crush makes the row of an answer when it asks
// for it.
func (c crushMessages) link(m *message, root string, row int64) (err error) {
	switch {
	case m.role == "user":
		return c.rows(c.answer, func(first *sqlite3.Stmt) error {
			m.model, m.provider = name(first, 0), name(first, 1)
			return nil
		}, root, row)
	case m.role == "assistant" && m.completed > 0:
		m.turn, err = c.one(crushTurn, root, row)
	}
	return err
}

// milli is an instant of Crush in milliseconds.
func milli(instant int64) int64 {
	const lastSecond = 100_000_000_000 // in milliseconds: of 1973
	if instant < lastSecond {
		return instant * 1000
	}
	return instant
}
