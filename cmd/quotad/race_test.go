//go:build race

package main

import "time"

// slowed says that the race detector makes this program several times as slow:
// what is in time without it may be late.
const slowed = true

// patience is how long a good client may wait beside a crowd.
const patience = 3 * time.Second

// Much under the race detector, where each is several times as dear; the full
// measure is taken without.
const (
	crowdSize   = 1000
	manyReloads = 50
)
