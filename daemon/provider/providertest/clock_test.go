package providertest_test

import (
	"container/heap"
	"time"
)

// clock is virtual time: things that happen at instants, in their order.
type clock struct {
	now   time.Time
	queue plans
	count int
}

type planned struct {
	at    time.Time
	place int // of what was planned for one instant, the first comes first
	do    func()
}

// at plans something, to the millisecond; what lies in the past happens next.
func (c *clock) at(t time.Time, do func()) {
	c.count++
	heap.Push(&c.queue, planned{t.Truncate(time.Millisecond), c.count, do})
}

// run lets time pass up to an instant.
func (c *clock) run(until time.Time) {
	for len(c.queue) > 0 && c.queue[0].at.Before(until) {
		next := heap.Pop(&c.queue).(planned)
		if next.at.After(c.now) {
			c.now = next.at
		}
		next.do()
	}
	c.now = until
}

type plans []planned

func (p plans) Len() int { return len(p) }
func (p plans) Less(i, j int) bool {
	if !p[i].at.Equal(p[j].at) {
		return p[i].at.Before(p[j].at)
	}
	return p[i].place < p[j].place
}
func (p plans) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *plans) Push(x any)   { *p = append(*p, x.(planned)) }
func (p *plans) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}
