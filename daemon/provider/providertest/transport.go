package providertest

import (
	"context"
	"net/http"
	"net/http/httptest"
)

// RoundTrip answers without a network, and without any waiting: whoever would
// wait for an answer that does not come is told at once that the time is over.
func (p *Provider) RoundTrip(r *http.Request) (*http.Response, error) {
	over, end := context.WithCancel(r.Context())
	end()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r.WithContext(over))
	if p.Failed() == Silence {
		return nil, context.DeadlineExceeded
	}
	answer := w.Result()
	answer.Request = r
	return answer, nil
}
