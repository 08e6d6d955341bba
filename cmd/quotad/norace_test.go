//go:build !race

package main

const slowed = false

const (
	crowdSize   = 10_000 // connections that nobody uses
	manyReloads = 1000   // and ten times as many requests
)
