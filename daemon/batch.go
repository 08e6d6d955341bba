package daemon

import "time"

// Which operations share a transaction.
const (
	batchOps  = 1024 // requests that share one at most
	crowdWait = time.Millisecond
)

// gather takes what else waits. Where the batch before was a crowd, those that
// were just answered are about to come again: it gives them a moment, so that
// one commit serves them all. A lone operation never waits.
func (e *Engine) gather(first *operation) []*operation {
	batch := e.drain([]*operation{first})
	if len(batch) < e.crowd {
		moment := time.NewTimer(crowdWait)
		defer moment.Stop()
		for len(batch) < e.crowd {
			select {
			case o := <-e.queue:
				batch = e.drain(append(batch, o))
				continue
			case <-moment.C:
			}
			break
		}
	}
	e.crowd = max(len(batch), e.crowd/2)
	return batch
}

// drain adds what is in the queue at this instant.
func (e *Engine) drain(batch []*operation) []*operation {
	for len(batch) < batchOps {
		select {
		case o := <-e.queue:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}
