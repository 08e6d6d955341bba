//go:build race

package main

// slowed says that the race detector makes this program several times as slow:
// what is in time without it may be late.
const slowed = true

// Much under the race detector, where each is several times as dear; the full
// measure is taken without.
const (
	crowdSize   = 1000
	manyReloads = 50
)
