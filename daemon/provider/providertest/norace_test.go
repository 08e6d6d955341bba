//go:build !race

package providertest_test

const slowed = false
