// Package pause waits for a while, and no longer than anybody wants it to.
package pause

import (
	"context"
	"time"
)

// For waits for so long, and tells whether the context is still there.
func For(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
