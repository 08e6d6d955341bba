package main

import (
	"testing"

	"quotad/quota"
)

func TestExplainSumsOnlyWhatWasCharged(t *testing.T) {
	if got := listed(map[string]quota.Amount{"a": 1_500_000, "b": 3_000_000, "": 1_500_000}); got != "b 3, unnamed 1.5, a 1.5" {
		t.Errorf("got %q", got)
	}
}

func TestExplainWritesAllOfAnAmount(t *testing.T) {
	for want, amount := range map[string]quota.Amount{
		"0": 0, "0.4": quota.One * 2 / 5, "999": 999 * quota.One, "-1,000": -1000 * quota.One, "12,345,678.5": 12_345_678*quota.One + quota.One/2,
	} {
		if got := grouped(amount); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
