package proxy_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// pinned is a front door that routes to one release, with a pod for each of two.
func pinned(t *testing.T, release string) *world {
	current := table.New(release, time.Now, slog.New(slog.DiscardHandler))
	w := newWorld(t, func(o *proxy.Options) { o.Tables = current })
	w.current = current
	for _, name := range []string{"a", "b"} {
		w.endpoints("web-"+name, w.pod(say(name)).Listener.Addr().String())
	}
	return w
}

func TestAPinnedFrontDoorRoutesToItsRelease(t *testing.T) {
	w := pinned(t, "b")
	for _, row := range []struct {
		active, preview string
		status          int
		release         string
	}{
		{"a", "", 503, ""}, // its release is not there yet
		{"a", "b", 200, "b"},
		{"b", "a", 200, "b"},
		{"", "b", 200, "b"},
		{"a", "", 503, ""}, // nor any more
	} {
		report := w.route(row.active, row.preview)
		got := w.get("/")
		if release := got.Header.Get(frontdoor.HeaderRelease); got.StatusCode != row.status || release != row.release || report.Active != row.release {
			t.Errorf("active %q, preview %q: %d from %q, reports %q", row.active, row.preview, got.StatusCode, release, report.Active)
		}
		wantProblem(t, w.do(w.request(http.MethodGet, w.preview.URL, nil)), http.StatusServiceUnavailable)
	}
}
