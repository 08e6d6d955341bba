//go:build !race

package main

import "time"

const slowed = false

// patience is how long a good client may wait beside a crowd, on a machine that
// has other tests to run.
const patience = 250 * time.Millisecond

const (
	crowdSize   = 10_000 // connections that nobody uses
	manyReloads = 1000   // and ten times as many requests
)
