package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"quotad/config/layout"
	"quotad/quota"
)

// literal writes a value as TOML.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return layout.QuoteText(v)
	case quota.Amount:
		return v.String()
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999Z07:00")
	case []string:
		return array(v, layout.QuoteText)
	case []int:
		return array(v, strconv.Itoa)
	}
	return fmt.Sprint(v) // bool, int
}

func array[T any](list []T, one func(T) string) string {
	words := make([]string, len(list))
	for i := range list {
		words[i] = one(list[i])
	}
	return "[" + strings.Join(words, ", ") + "]"
}
