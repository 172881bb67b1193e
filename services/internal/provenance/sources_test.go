package provenance

import (
	"net/http"
	"sync"
	"testing"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

func TestSourcesOfUpstreamsAreMerged(t *testing.T) {
	ctx, sources := Begin(t.Context(), Source{"cart", "acme-1", "2 beta, new"})
	upstream := http.Header{}
	upstream.Add(frontdoor.HeaderSources, "catalog=acme-1, pricing=acme-1")
	upstream.Add(frontdoor.HeaderSources, "broken,tax=acme-1")
	upstream.Set(HeaderVersions, "catalog=7")
	Add(ctx, upstream)
	Add(ctx, upstream)
	h := http.Header{}
	sources.Write(h)
	if got := h.Get(frontdoor.HeaderSources); got != "cart=acme-1,catalog=acme-1,pricing=acme-1,tax=acme-1" {
		t.Errorf("sources %q", got)
	}
	if got := h.Get(HeaderVersions); got != "cart=2betanew,catalog=7" {
		t.Errorf("versions %q", got)
	}
}

func TestAServiceOfTwoReleasesIsThereTwice(t *testing.T) {
	ctx, _ := Begin(t.Context(), Source{Service: "cart", Release: "acme-1"})
	Add(ctx, http.Header{frontdoor.HeaderSources: {"catalog=acme-1"}})
	Add(ctx, http.Header{frontdoor.HeaderSources: {"catalog=acme-2"}})
	if got := From(ctx); len(got) != 3 || got[2] != (Source{Service: "catalog", Release: "acme-2"}) {
		t.Errorf("%v", got)
	}
}

func TestQuestionsSideBySideAreAllRecorded(t *testing.T) {
	ctx, _ := Begin(t.Context(), Source{Service: "storefront", Release: "r"})
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		all.Go(func() { Add(ctx, http.Header{frontdoor.HeaderSources: {name + "=r"}}) })
	}
	all.Wait()
	if got := From(ctx); len(got) != 5 {
		t.Errorf("%v", got)
	}
}

func TestAContextWithoutARequestIsIgnored(t *testing.T) {
	Add(t.Context(), http.Header{frontdoor.HeaderSources: {"catalog=r"}})
	if got := From(t.Context()); got != nil {
		t.Errorf("%v", got)
	}
}

func TestWithoutVersionsTheirHeaderIsLeftOut(t *testing.T) {
	_, sources := Begin(t.Context(), Source{Service: "cart", Release: "r"})
	h := http.Header{}
	if sources.Write(h); h[HeaderVersions] != nil {
		t.Errorf("%v", h)
	}
}
