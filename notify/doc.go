// Package notify brings due notices to a person: in words, in time, once.
//
// [Pipeline] is the way there. It takes what a [Log] has pending, drops what
// is stale, holds back what comes in quiet hours or while snoozed (and tells
// it in one digest afterwards), hands the rest to each [Sender] in order, and
// records what became of it. [Words] says what a notice says; every sentence
// stands in messages.go. [Desktop] shows a notice through beeep, in a
// short-lived child of the same program ([ChildMain]), and waits for a server in
// another ([WatchMain]), for what speaks D-Bus ends its process where a bus says
// what none should; [Command] runs a program of the user's.
//
// A notice is told at most once by each sender, across crashes: a sender
// commits [StateSending] before it does what cannot be undone, and what is
// found in that state at start counts as told. Whatever is broken on the
// desktop (no bus, no server, one that hangs or refuses), a notice stays
// pending and is told when there is a server again, unless it is stale by
// then.
//
// Time is looked at anew at each wake-up, so that a missed or a doubled one
// does no harm. While nothing is pending, no timer runs, no connection to the
// bus is open and no child is there.
package notify
