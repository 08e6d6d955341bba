// Package api is quotad's local API: wire formats, server and client, over
// HTTP/1.1 on a Unix socket that only the same user (and root) may talk to.
//
// The daemon implements [Backend] and puts a [Server] on a socket from
// [Listen] or [Activated]. Commands use a [Client], which works as a zero
// value. A coding tool's hook, which has to be gone within milliseconds, calls
// [Post] and, where the event stays [Undelivered], [Spool.Write]; the daemon
// takes the spool in with [Spool.Deliver].
//
// The calls:
//
//	POST /v1/events    one JSON object, or NDJSON; answers when it is durable
//	GET  /v1/events    NDJSON, oldest first: since, until, account, limit
//	GET  /v1/status    account
//	GET  /v1/watch     server-sent events "status" and "notice": account
//	GET  /v1/notices   NDJSON: since
//	GET  /healthz      200 while the engine answers
//	GET  /metrics      Prometheus text
//
// The daemon adds more through [Config.Extra]; the command line uses these
// while a daemon holds the database:
//
//	POST /v1/turns           a turn has ended: its record may be read (Turn)
//	POST /v1/backup          {"path":"..."}; without it, into the backups folder
//	POST /v1/verify          NDJSON: progress, then the result
//	POST /v1/notify/snooze   hold notices back for a while
//	POST /v1/notify/test     send one notice
//	GET  /v1/explain         account, window: why a number is what it is
//
// Four promises hold:
//
//   - What is answered with "recorded" or "duplicate" is on the disk.
//   - An error is an [Error]: one of a closed set of codes, a sentence, and the
//     field at fault where there is one.
//   - No caller, however slow or silent, keeps another one out.
//   - No web page is answered, whatever bridge a user puts before the socket.
package api
