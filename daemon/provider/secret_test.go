package provider

import (
	"fmt"
	"strings"
	"testing"
)

// keepsNothing greps for the key, and for its halves.
func keepsNothing(t *testing.T, kept ...any) {
	t.Helper()
	text := fmt.Sprintf("%+v", kept)
	for _, k := range kept {
		if f, ok := k.(*Fault); ok && f != nil {
			text += fmt.Sprintf(" %+v %v %s", *f, f, f.Raw)
		}
	}
	for _, part := range append([]string{theKey}, strings.Split(theKey, ".")...) {
		if strings.Contains(text, part) {
			t.Errorf("%q is in %.300s", part, text)
		}
	}
}
