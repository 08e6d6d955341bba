package fakemodel

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

type object = map[string]any

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who has gone needs no answer
}

// stream begins server-sent events. What it gives sends one; an event without
// a name has none.
func stream(w http.ResponseWriter) (send func(name string, v any)) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	return func(name string, v any) {
		if name != "" {
			fmt.Fprintf(w, "event: %s\n", name)
		}
		text, _ := json.Marshal(v)
		fmt.Fprintf(w, "data: %s\n\n", text)
		_ = http.NewResponseController(w).Flush()
	}
}

// providerZone is the zone that the provider's times are in, unsaid.
var providerZone = time.FixedZone("UTC+8", 8*60*60)

// refuse answers as the provider does when the 5-hour window is used up.
func refuse(w http.ResponseWriter, until time.Time) {
	reply(w, http.StatusTooManyRequests, object{"error": object{
		"code": "1308",
		"message": "Usage limit reached for 5 hour. Your limit will reset at " +
			until.In(providerZone).Format(time.DateTime),
	}})
}
