// Package deadline passes on how long an answer is still of use: a service that
// works on for a caller that has given up takes the place of one that waits.
package deadline

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Header holds how many whole milliseconds the caller still waits. A duration
// and not a moment: the clocks of two machines differ.
const Header = "X-Shop-Deadline"

// Within returns a context that ends after what the header says, and after most
// at the latest. A header that is missing or no number says nothing; one that is
// zero or negative has ended already.
func Within(ctx context.Context, header string, most time.Duration) (context.Context, context.CancelFunc) {
	// Longer than fits is longer than most.
	if left, err := strconv.ParseInt(header, 10, 64); err == nil && left < most.Milliseconds() {
		most = max(0, time.Duration(left)*time.Millisecond)
	}
	return context.WithTimeout(ctx, most)
}

// Inject writes what is left of the context's time into the header of a request
// to another service; nothing where the context has no end.
func Inject(ctx context.Context, h http.Header) {
	if end, ends := ctx.Deadline(); ends {
		h.Set(Header, strconv.FormatInt(max(0, time.Until(end).Milliseconds()), 10))
	}
}
