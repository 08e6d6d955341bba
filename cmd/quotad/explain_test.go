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
