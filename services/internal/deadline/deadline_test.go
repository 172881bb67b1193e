package deadline

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheShorterOfHeaderAndLimitCounts(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                     5 * time.Second,
		"1500":                 1500 * time.Millisecond,
		"60000":                5 * time.Second,
		"99999999999999999999": 5 * time.Second,
		"0":                    0,
		"-1":                   0,
		"soon":                 5 * time.Second,
		"1.5":                  5 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := Within(t.Context(), header, 5*time.Second)
			defer cancel()
			end, _ := ctx.Deadline()
			if got := time.Until(end); got != want {
				t.Errorf("%q: %s, want %s", header, got, want)
			}
		})
	}
}

func TestWhatIsLeftIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		time.Sleep(500 * time.Millisecond)
		h := http.Header{}
		if Inject(ctx, h); h.Get(Header) != "1500" {
			t.Errorf("sent %q", h.Get(Header))
		}
		time.Sleep(3 * time.Second)
		if Inject(ctx, h); h.Get(Header) != strconv.Itoa(0) {
			t.Errorf("after the end: sent %q", h.Get(Header))
		}
		none := http.Header{}
		if Inject(t.Context(), none); len(none) != 0 {
			t.Errorf("without an end: sent %v", none)
		}
	})
}
