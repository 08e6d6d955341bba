package quota

import (
	"maps"
	"math"
	"slices"
)

// Sketch is a histogram of positive numbers whose sizes are not known before:
// how many fell into each of its buckets, which lie a constant ratio apart.
// Counts are integers, so that it does not matter in which order numbers come.
// Its zero value is empty and may be read; Add needs one that was made.
type Sketch map[int]int64

// sketchSteps is how many buckets a doubling has: each is 4.4 % wide, so that a
// quantile is off by 2.2 % at most.
const sketchSteps = 16

// Add counts a number; zero and less say nothing and are passed over.
func (s Sketch) Add(v float64) {
	if v > 0 && !math.IsInf(v, 1) {
		s[int(math.Floor(math.Log2(v)*sketchSteps))]++
	}
}

// Count is how many numbers it holds.
func (s Sketch) Count() (n int64) {
	for _, c := range s {
		n += c
	}
	return n
}

// Quantile is the number below which the share q of them lies, 0 to 1; 0 where
// there is none.
func (s Sketch) Quantile(q float64) float64 {
	rank := int64(math.Ceil(q * float64(s.Count())))
	for _, bucket := range slices.Sorted(maps.Keys(s)) {
		if rank -= s[bucket]; rank <= 0 {
			return math.Exp2((float64(bucket) + 0.5) / sketchSteps)
		}
	}
	return 0
}

// Fade halves every count, so that what is newer weighs more.
func (s Sketch) Fade() {
	for bucket, n := range s {
		if s[bucket] = n / 2; s[bucket] == 0 {
			delete(s, bucket)
		}
	}
}

// Clone is an independent copy.
func (s Sketch) Clone() Sketch { return maps.Clone(s) }

// with is a copy that holds a number too, n times; where it holds more than
// most, it fades first.
func (s Sketch) with(v float64, n, most int64) Sketch {
	c := s.Clone()
	if c == nil {
		c = Sketch{}
	}
	if c.Count() >= most {
		c.Fade()
	}
	for range n {
		c.Add(v)
	}
	return c
}
