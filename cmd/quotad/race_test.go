//go:build race

package main

// slowed says that the race detector makes this program several times as slow:
// what is in time without it may be late.
const slowed = true
