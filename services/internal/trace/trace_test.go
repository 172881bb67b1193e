package trace

import (
	"context"
	"testing"
)

const id, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

func TestATraceIsJoinedAsAHopOfItsOwn(t *testing.T) {
	p := Continue("00-" + id + "-" + span + "-01")
	if p.ID != id || p.span == span || p.flags != "01" {
		t.Errorf("got %s", p)
	}
	if next := Continue(p.String()); next.ID != id {
		t.Errorf("%s is not passed on", p)
	}
}

func TestWhatIsNoTraceBeginsOne(t *testing.T) {
	for name, header := range map[string]string{
		"nothing":                           "",
		"another version of the header":     "01-" + id + "-" + span + "-01",
		"capitals, W3C Trace Context 2.2.2": "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + span + "-01",
		"a trace of zeros":                  "00-" + noTrace + "-" + span + "-01",
		"a span of zeros":                   "00-" + id + "-" + noSpan + "-01",
		"more than a header":                "00-" + id + "-" + span + "-01-extra",
	} {
		p := Continue(header)
		if p.ID == id || !valid.MatchString(p.String()) {
			t.Errorf("%s: got %s", name, p)
		}
		if other := Continue(header); other.ID == p.ID {
			t.Errorf("%s: two requests have the same trace", name)
		}
	}
}

func TestAContextCarriesItsTrace(t *testing.T) {
	p := Continue("")
	if got := From(With(context.Background(), p)); got != p {
		t.Errorf("got %s, want %s", got, p)
	}
	if none := From(context.Background()); none.String() != "" {
		t.Errorf("a context without a trace has %s", none)
	}
}
