package load

import (
	"context"
	"time"
)

// arrivals calls begin for each place of the schedule, as late as the machine is, and leaves none out: that would be the
// coordinated omission that an open loop is there to avoid. It ends with the context; what is due at its deadline comes no more.
func arrivals(ctx context.Context, rate int, begin func(n int, intended time.Time)) {
	begun := time.Now()
	for n := 0; ; n++ {
		intended := begun.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if end, ends := ctx.Deadline(); ends && !intended.Before(end) || !wait(ctx, intended) {
			return
		}
		begin(n, intended)
	}
}

func wait(ctx context.Context, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
