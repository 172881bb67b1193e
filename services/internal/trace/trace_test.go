package trace

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	noTrace  = "00000000000000000000000000000000"
	noSpan   = "0000000000000000"
)

func TestATraceIsJoinedAsAHopOfItsOwn(t *testing.T) {
	for name, header := range map[string]string{
		"version 00":               "00-" + id + "-" + span + "-01",
		"a later version":          "01-" + id + "-" + span + "-01",
		"a later and longer one":   "cc-" + id + "-" + span + "-01-what-the-future-will-be",
		"flags that nobody knows ": "00-" + id + "-" + span + "-fd",
	} {
		p := Continue(header, "vendor=1")
		if p.ID != id || p.span == span || p.flags != 1 || p.State() != "vendor=1" {
			t.Errorf("%s: got %s %q", name, p, p.State())
		}
		if next := Continue(p.String(), p.State()); next.ID != id {
			t.Errorf("%s: %s is not passed on", name, p)
		}
	}
}

func TestWhatIsNoTraceBeginsOneWithoutTheCallersState(t *testing.T) {
	for name, header := range map[string]string{
		"nothing":                           "",
		"version ff":                        "ff-" + id + "-" + span + "-01",
		"capitals, W3C Trace Context 3.2.2": "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01",
		"a trace of zeros":                  "00-" + noTrace + "-" + span + "-01",
		"a span of zeros":                   "00-" + id + "-" + noSpan + "-01",
		"version 00 is not longer":          "00-" + id + "-" + span + "-01-extra",
		"a later one without a dash":        "01-" + id + "-" + span + "-01x",
		"cut":                               "00-" + id + "-" + span + "-0",
	} {
		p := Continue(header, "vendor=1")
		if p.ID == id || !Valid(p.String()) || p.State() != "" || IDOf(header) != "" {
			t.Errorf("%s: got %s %q", name, p, p.State())
		}
		if other := Continue(header, ""); other.ID == p.ID {
			t.Errorf("%s: two requests have the same trace", name)
		}
	}
}

func TestStateIsCutBetweenMembers(t *testing.T) {
	long := strings.Repeat("a=12345678,", 200)
	got := Continue("00-"+id+"-"+span+"-01", long).State()
	if len(got) < 330 || len(got) > mostState || strings.Count(got, ",") != mostMembers-1 || !strings.HasSuffix(got, "=12345678") {
		t.Errorf("%d bytes, %d members", len(got), strings.Count(got, ",")+1)
	}
	if got := Continue("00-"+id+"-"+span+"-01", "a=1,"+strings.Repeat("b", 2000)).State(); got != "a=1" {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestAContextCarriesItsTrace(t *testing.T) {
	p := Continue("00-"+id+"-"+span+"-01", "vendor=1")
	ctx := With(context.Background(), p)
	if got := From(ctx); got != p {
		t.Errorf("got %s, want %s", got, p)
	}
	h := http.Header{}
	Inject(ctx, h)
	if h.Get("traceparent") != p.String() || h.Get("tracestate") != "vendor=1" {
		t.Errorf("sent on: %v", h)
	}
	none := http.Header{}
	if Inject(context.Background(), none); len(none) != 0 || From(context.Background()).String() != "" {
		t.Errorf("a context without a trace sends %v", none)
	}
}

// Whatever comes in, what goes out is valid, and a valid trace keeps its id.
func TestEveryHeaderMakesAValidHop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		header := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[a-z0-9]{0,9})?`)).Draw(t, "traceparent")
		state := rapid.String().Draw(t, "tracestate")
		p := Continue(header, state)
		if !Valid(p.String()) || !strings.Contains(state, p.State()) || strings.ContainsAny(p.State(), "\r\n") {
			t.Fatalf("%q, %q: %s %q", header, state, p, p.State())
		}
		if Valid(header) && p.ID != IDOf(header) {
			t.Fatalf("%q became %s", header, p)
		}
	})
}

func TestANewTraceIsValidAndItsOwn(t *testing.T) {
	if a, b := New(), New(); !Valid(a) || IDOf(a) == IDOf(b) || len(a) != length {
		t.Errorf("%s, %s", a, b)
	}
}
