package idempotency

import (
	"errors"
	"testing"
	"time"
)

// At rest a look every minute would keep a connection open for it.
func TestASweeperThatFindsNothingRests(t *testing.T) {
	for _, c := range []struct {
		forgot int64
		err    error
		want   time.Duration
	}{{0, nil, later}, {1, nil, soon}, {batch, nil, soon}, {0, errors.New("away"), soon}} {
		if got := next(c.forgot, c.err); got != c.want {
			t.Errorf("after %d keys and %v: %s, want %s", c.forgot, c.err, got, c.want)
		}
	}
	if later < 10*soon {
		t.Errorf("it looks every %s at rest", later)
	}
}
