package transcript

import (
	"context"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"quotad/quota"
)

// Kilo grew out of OpenCode, and keeps its sessions as that does.
const (
	opencode = "opencode"
	kilo     = "kilo"
)

// readOpencode reads OpenCode's database, or what it kept before it had one: a
// folder for each session, with a file for each message.
func readOpencode(ctx context.Context, src Source, from Mark, _ bool, take func(Item) error) (Mark, error) {
	if filepath.Ext(src.Path) != ".db" {
		return readMessageFiles(ctx, src, from, take)
	}
	return readDatabase(ctx, src, from, openOpencode, take)
}

// opencodeRows asks for messages with all that is wanted of them. The text that
// they hold stays in the database: a prompt's row has what it changed, too.
const opencodeRows = `
SELECT m.id, m.session_id, s.directory, m.time_updated,
  json_extract(m.data, '$.role'), json_extract(m.data, '$.parentID'),
  coalesce(json_extract(m.data, '$.modelID'), json_extract(m.data, '$.model.modelID')),
  coalesce(json_extract(m.data, '$.providerID'), json_extract(m.data, '$.model.providerID')),
  coalesce(json_extract(m.data, '$.time.created'), m.time_created), json_extract(m.data, '$.time.completed'),
  json_extract(m.data, '$.tokens.input'), json_extract(m.data, '$.tokens.cache.write'), json_extract(m.data, '$.tokens.cache.read'),
  json_extract(m.data, '$.tokens.output'), json_extract(m.data, '$.tokens.reasoning'),
  json_extract(m.data, '$.error') IS NOT NULL
FROM message m JOIN session s ON s.id = m.session_id
WHERE m.time_updated >= ? AND json_valid(m.data)`

// opencodeTurn asks for the prompt that a user's session was busy with when
// something happened in one of its subagents.
const opencodeTurn = `
SELECT id FROM message
WHERE session_id = ? AND time_created <= ? AND json_valid(data) AND json_extract(data, '$.role') = 'user'
ORDER BY time_created DESC, id DESC LIMIT 1`

// opencodeOwn asks whether a user's message is one that OpenCode wrote
// itself, to have the conversation summed up or to go on after that.
const opencodeOwn = `
SELECT 1 FROM part WHERE message_id = ? AND json_valid(data) GROUP BY message_id
HAVING sum(json_extract(data, '$.type') = 'compaction') > 0
  OR min(json_extract(data, '$.type') = 'text' AND coalesce(json_extract(data, '$.synthetic'), 0)) = 1`

type opencodeMessages struct {
	*database
	family
}

func openOpencode(db *database) (messages, error) {
	parents, err := db.family("SELECT id, parent_id FROM session WHERE parent_id <> ''")
	return opencodeMessages{db, parents}, err
}

func (o opencodeMessages) since(updated int64, session string, each func(message) error) error {
	const oldest = " ORDER BY m.time_updated, m.id"
	read := func(row *sqlite3.Stmt) error { return o.message(row, each) }
	if session == "" {
		return o.rows(opencodeRows+oldest, read, updated)
	}
	return o.rows(opencodeRows+" AND m.session_id = ?"+oldest, read, updated, session)
}

func (o opencodeMessages) message(row *sqlite3.Stmt, each func(message) error) error {
	m := message{
		id: name(row, 0), project: clip(row.ColumnText(2), quota.MaxText), updated: row.ColumnInt64(3),
		role: name(row, 4), turn: name(row, 5), model: name(row, 6), provider: name(row, 7),
		created: row.ColumnInt64(8), completed: row.ColumnInt64(9),
		tokens: quota.Tokens{Input: sum(row, 10, 11), Cached: sum(row, 12), Output: sum(row, 13, 14)}, failed: row.ColumnBool(15),
	}
	root := o.root(row.ColumnText(1))
	m.session, m.subagent = clip(root, maxName), root != row.ColumnText(1)
	switch {
	case m.role == "user":
		if own, err := o.one(opencodeOwn, row.ColumnText(0)); own != "" || err != nil {
			return err
		}
	case m.subagent:
		var err error
		if m.turn, err = o.one(opencodeTurn, root, m.created); err != nil {
			return err
		}
	}
	return each(m)
}
