// Package store keeps what quotad must not lose in one bbolt file: the set of
// events, checkpoints of their fold, the notices that were told, and how far the
// tools' own records were read.
//
// Begin with [Open]. It takes the state folder for this process alone, looks
// the file over before trusting it, and says in a [Report] what it found and
// did. [Store.Update] and [Store.View] run one transaction each; the [Tx] they
// hand out is a [quota.Book]. What Update returned nil for is on the disk.
//
// The folder:
//
//	state folder
//	├── quotad.db              everything below
//	├── created                says that there was a database, should it vanish
//	├── mark                   how many commits were acknowledged, should some be lost
//	├── distrust               says that all has to be looked at: damage was seen
//	├── lock                   held while the folder is in use; names the process
//	├── quotad.db.damaged-T    moved aside, never deleted
//	├── quotad.db.replaced-T   what a restore put another file in the place of
//	└── backups
//	    ├── quotad-T.db        one for each of the last seven days
//	    └── quotad-T-schemaN.db   before a migration from schema N
//
// The database; account, day and "at" are numbers, id and turn are packed so
// that bytes sort as the text does (see [packID]):
//
//	quotad.db
//	├── meta         "schema" → version · "settings" → hash · "line" → name of the
//	│                files copied from each other; its sequence counts the commits
//	├── accounts     name → number, events, at of the last, pruned up to
//	├── events       account, at, id → kind, links, seq, fields
//	├── ids          id → account, at
//	├── turns        account, turn, "p", at, id → (a prompt of the turn)
//	│                account, turn, "u" → usage events, at, model, id of the first
//	├── voids        account, id → number of void events that name it
//	├── words        text → number
//	├── texts        number → day last used, text
//	├── states       account → state of the fold
//	├── checkpoints  account, at, newest first → state of the fold before at
//	├── notices      number → JSON
//	├── notice_keys  key → number
//	├── notice_open  number → (not final yet)
//	├── values       key → value
//	├── follows      tool, path, session → JSON
//	├── recent       seq → account, at, id, record of an event that waits for its place
//	└── hours        account, hour → sums of events that retention has forgotten
//
// [Tx.Prune] turns old events into sums, one for each hour and whatever history
// tells apart but sessions; those of an hour share a record. They are kept for
// ever, and so are the texts that they name. [Store.Compact] then gives back
// what is free of the file.
//
// A transaction that puts few events writes them into recent alone. What they put
// into events, ids, turns, accounts and states lies over these tables in memory,
// where every reader sees it, until it is folded in together; opening the file
// makes it again. A state is written at the fold-in and at a clean end: after any
// other end [Tx.Behind] says that it lacks what waits.
//
// Every value ends in a CRC-32C over the name of its bucket, its key and
// itself, so that damage is seen in each record by itself, and whole records
// can be told from rubbish in a file whose tree is broken.
package store
