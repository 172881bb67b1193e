package conform

import (
	"sync/atomic"
	"time"
)

// beat is how often the pulse should be felt.
const beat = 20 * time.Millisecond

// pulse measures how long this machine let nobody run: a clock that should tick
// and does not. What a check saw meanwhile says nothing of the service's time.
type pulse struct {
	still atomic.Int64
	stop  chan struct{}
}

func feelPulse() *pulse {
	p := &pulse{stop: make(chan struct{})}
	go p.run()
	return p
}

func (p *pulse) run() {
	for last := time.Now(); ; {
		select {
		case <-p.stop:
			return
		case <-time.After(beat):
		}
		now := time.Now()
		p.tick(last, now)
		last = now
	}
}

// tick counts what is more than a beat late.
func (p *pulse) tick(last, now time.Time) {
	if late := now.Sub(last) - beat; late > beat {
		p.still.Add(int64(late))
	}
}

// stood is how long the machine stood still in all.
func (p *pulse) stood() time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.still.Load())
}

func (p *pulse) end() {
	if p != nil {
		close(p.stop)
	}
}
