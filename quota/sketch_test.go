package quota

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestASketchTellsQuantilesWithinItsBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Float64Range(1e-6, 1e9), 1, 200).Draw(t, "numbers")
		q := rapid.Float64Range(0.01, 1).Draw(t, "q")
		s := Sketch{}
		for _, v := range list {
			s.Add(v)
		}
		slices.Sort(list)
		want := list[int(math.Ceil(q*float64(len(list))))-1]
		if got := s.Quantile(q); math.Abs(got/want-1) > 0.023 {
			t.Fatalf("quantile %v of %v: %v, want about %v", q, list, got, want)
		}
	})
}

func TestAnEmptySketchSaysNothing(t *testing.T) {
	var s Sketch
	if s.Count() != 0 || s.Quantile(0.5) != 0 {
		t.Errorf("count %d, median %v", s.Count(), s.Quantile(0.5))
	}
	s = Sketch{}
	s.Add(0)
	s.Add(-1)
	s.Add(math.Inf(1))
	s.Add(math.NaN())
	if len(s) != 0 {
		t.Errorf("%v", s)
	}
}

func TestAFadedSketchForgetsWhatIsRare(t *testing.T) {
	s := Sketch{}
	for range 9 {
		s.Add(2)
	}
	s.Add(1000)
	s.Fade()
	if s.Count() != 4 || s.Quantile(1) > 3 {
		t.Errorf("%v", s)
	}
}
