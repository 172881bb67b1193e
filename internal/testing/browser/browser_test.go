package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// noted is a test that notes what it would fail for.
type noted struct {
	testing.TB
	failures []string
}

func (n *noted) Helper() {}

func (n *noted) Errorf(format string, args ...any) {
	n.failures = append(n.failures, fmt.Sprintf(format, args...))
}

const page = `<!doctype html><html lang="en"><head><title>A page</title><meta name="viewport" content="width=device-width"></head><body><main><h1>A page</h1><p><a href="/">Home</a></p>%s</main></body></html>`

func serve(t *testing.T, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'unsafe-eval'")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = fmt.Fprintf(w, page, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// What a page is held to can fail: each fault is told by the check that is there for it, and by no other.
func TestABadPageIsFound(t *testing.T) {
	chrome, axe := ForPages(t), Axe(t)
	for name, x := range map[string]struct{ body, told string }{
		"a good page":                    {"", ""},
		"a picture without a text":       {`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">`, "image-alt"},
		"a field without a name":         {`<input>`, "label"},
		"wider than a phone":             {`<div style="width:400px">wide</div>`, "px wide"},
		"a script against its policy":    {`<script>1</script>`, "the console has"},
		"a text that is not there":       {"", "no \"Goodbye\" in"},
		"text that is hardly to be read": {`<p style="color:#ccc">grey</p>`, "color-contrast"},
	} {
		t.Run(name, func(t *testing.T) {
			b, n := Visit(chrome, t, serve(t, x.body), Phone), &noted{TB: t}
			b.Open(t, "/", http.StatusOK)
			b.Accessible(n, axe)
			b.Fits(n, name, Phone)
			b.Quiet(n, false)
			wants := "A page"
			if strings.HasPrefix(x.told, "no ") {
				wants = "Goodbye"
			}
			b.Wants(n, wants)
			if all := strings.Join(n.failures, "\n"); (all == "") != (x.told == "") || !strings.Contains(all, x.told) {
				t.Errorf("told %q, want %q", all, x.told)
			}
		})
	}
}
