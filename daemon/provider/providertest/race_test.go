//go:build race

package providertest_test

// slowed says that the race detector makes this program ten times as slow: one
// world is lived through then, and all of them without it.
const slowed = true
