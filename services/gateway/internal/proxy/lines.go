package proxy

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// linesPerSecond bounds the log of failures: in an outage there is one for every request,
// and who writes a log waits for it.
const linesPerSecond = 10

// lines is a log of which so much is written a second, and of the rest how much it was.
type lines struct {
	second, written, left atomic.Int64
}

func (l *lines) warn(log *slog.Logger, now time.Time, message string, attributes ...any) {
	if second := l.second.Load(); second != now.Unix() && l.second.CompareAndSwap(second, now.Unix()) {
		l.written.Store(0)
		if left := l.left.Swap(0); left > 0 {
			attributes = append(attributes, "leftOut", left)
		}
	}
	if l.written.Add(1) > linesPerSecond {
		l.left.Add(1)
		return
	}
	log.Log(context.Background(), slog.LevelWarn, message, attributes...)
}
