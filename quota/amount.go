package quota

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Amount is a number of prompts, credits or dollars, in millionths. Integers make sums
// exact in whatever order they are taken.
type Amount int64

// One is one whole prompt, credit or dollar.
const One Amount = 1_000_000

// Plus adds, and stays at the largest Amount rather than wrap around.
func (a Amount) Plus(b Amount) Amount {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Times multiplies by a count, and stays at the largest Amount rather than
// wrap around. Both are expected to be zero or more.
func (a Amount) Times(n int64) Amount {
	if a > 0 && n > math.MaxInt64/int64(a) {
		return math.MaxInt64
	}
	return a * Amount(n)
}

// Percent is 100*a/of, unclamped; 0 where of is not positive.
func (a Amount) Percent(of Amount) float64 {
	if of <= 0 {
		return 0
	}
	return 100 * float64(a) / float64(of)
}

// Reaches reports whether a is at least level percent of limit, exactly.
func (a Amount) Reaches(level int, limit Amount) bool {
	if limit <= 0 {
		return true
	}
	whole, rest := limit/100, limit%100
	// level*limit/100 rounded up, without overflow.
	need := whole.Times(int64(level)).Plus((rest*Amount(level) + 99) / 100)
	return a >= need
}

// Float is the amount in whole units, for rates and forecasts only.
func (a Amount) Float() float64 { return float64(a) / float64(One) }

// FromFloat is the Amount nearest to f units.
func FromFloat(f float64) Amount { return Amount(math.Round(f * float64(One))) }

// String writes the exact decimal, without trailing zeros: "37", "9.25".
func (a Amount) String() string {
	sign, u := "", uint64(a)
	if a < 0 {
		sign, u = "-", uint64(-a)
	}
	whole, frac := u/uint64(One), u%uint64(One)
	if frac == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%06d", frac), "0")
}

// MarshalJSON writes the exact decimal as a JSON number.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalJSON reads a JSON number, to the nearest millionth.
func (a *Amount) UnmarshalJSON(b []byte) error {
	v, err := ParseAmount(string(b))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

// ParseAmount reads a decimal number, to the nearest millionth.
func ParseAmount(s string) (Amount, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 9e12 {
		return 0, fmt.Errorf("%q is not an amount", s)
	}
	return FromFloat(f), nil
}
