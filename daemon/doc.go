// Package daemon is the service: one process that takes events, keeps what they
// come to, and has it told.
//
// [Run] is all of it, until its context ends. [Engine] owns the state: it writes
// alone, and anybody reads its [Snapshot] without waiting. Around it are the
// socket and its calls (package api), the spool, the way of notices to a person
// (package notify), daily backups, and a follower that reads what coding tools
// keep of the sessions that their hooks told of (package transcript). [Offline]
// runs an engine for a command where no daemon runs.
package daemon
