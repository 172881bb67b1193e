package apply

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/internal/observe"
)

func TestWhatTheLiveRouteNamesIsKeptWhateverWasDecided(t *testing.T) {
	route := &gatewayv1.HTTPRoute{}
	route.Spec.Rules = []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{
		{BackendRef: gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{Name: "acme-front-door-1"}}},
	}}}
	keep := map[string]bool{}
	keepNamed(&observe.World{Route: &observe.Route{Public: route}}, keep)
	want := []string{"Deployment/acme-front-door-1", "PodDisruptionBudget/acme-front-door-1", "Service/acme-front-door-1"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(keep))); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	for name, world := range map[string]*observe.World{"Managed": {}, "before the first switch": {Route: &observe.Route{}}} {
		keep := map[string]bool{}
		if keepNamed(world, keep); len(keep) > 0 {
			t.Errorf("%s: kept %v", name, keep)
		}
	}
}

func TestOfSeveralElementsWithOneNameTheOneInItsPlaceIsCompared(t *testing.T) {
	parents := func(sections ...any) []any {
		var out []any
		for _, s := range sections {
			out = append(out, map[string]any{"name": "public", "sectionName": s})
		}
		return out
	}
	if !within(parents("web", "secure"), parents("web", "secure"), "parentRefs") {
		t.Error("a list is not within itself, so it would be written on every pass")
	}
	if within(parents("web", "secure"), parents("web", "web"), "parentRefs") {
		t.Error("a changed element is not seen")
	}
}
