package daemon

import (
	"encoding/json"
	"net/http"

	"quotad/daemon/api"
)

// postTurn takes word that a turn of a tool has ended: see api.Turn. Its fields
// are those of an event, and are held to the same bounds. Nothing is kept.
func (d *service) postTurn(_ *http.Request, body json.RawMessage) (any, error) {
	now := d.engine.now()
	e, bad := api.DecodeEvent(body, now)
	if bad == nil {
		bad = api.FromQuota(e.CheckTime(now, 0))
	}
	if bad != nil {
		return nil, bad
	}
	turn := endingOf(e)
	if bad := d.follow.followable(turn.record); bad != nil {
		return nil, bad
	}
	d.follow.hear(turn)
	return struct{}{}, nil
}
