package table

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

func stackOf(paths ...string) *Stack {
	release := frontdoor.Release{Name: "r"}
	for _, path := range paths {
		release.Routes = append(release.Routes, frontdoor.Route{Path: path, Service: path, Upstream: path})
	}
	return newStack(frontdoor.Table{Active: "r", Releases: []frontdoor.Release{release}}, "r")
}

func TestMatchTakesTheLongestPrefixOfWholeSegments(t *testing.T) {
	shop := stackOf("/", "/api/cart", "/api/cart/gifts", "/media/")
	for path, want := range map[string]string{
		"/":                    "/",
		"/anything":            "/",
		"/api":                 "/",
		"/api/cart":            "/api/cart",
		"/api/cart/":           "/api/cart",
		"/api/cart/7":          "/api/cart",
		"/api/cartoon":         "/",
		"/api/cart/gift":       "/api/cart",
		"/api/cart/gifts":      "/api/cart/gifts",
		"/api/cart/gifts/1/2":  "/api/cart/gifts",
		"/api/cart/giftsother": "/api/cart",
		"/media":               "/media/",
		"/media/a.png":         "/media/",
		"//api/cart":           "/",
		"/API/cart":            "/",
	} {
		if got := shop.Match(path); got == nil || got.Path != want {
			t.Errorf("Match(%q) = %v, want the route of %s", path, got, want)
		}
	}
}

func TestMatchFindsNothingWithoutARoute(t *testing.T) {
	shop := stackOf("/api/cart")
	for _, path := range []string{"/", "", "*", "/api", "/api/cartoon", "/ap", "api/cart", strings.Repeat("/", 100)} {
		if got := shop.Match(path); got != nil {
			t.Errorf("Match(%q) = %s, want nothing", path, got.Path)
		}
	}
}

// The search by segments must agree with trying every route.
func TestMatchAgreesWithTryingEveryRoute(t *testing.T) {
	path := rapid.StringMatching(`(/[ab]{0,2}){1,5}`)
	rapid.Check(t, func(t *rapid.T) {
		prefixes := rapid.SliceOfNDistinct(rapid.StringMatching(`(/[ab]{1,2}){0,3}`), 0, 6, rapid.ID).Draw(t, "prefixes")
		asked := path.Draw(t, "path")
		want := "none"
		for _, prefix := range prefixes {
			fits := asked == prefix || strings.HasPrefix(asked, prefix+"/")
			if fits && (want == "none" || len(prefix) > len(want)) {
				want = prefix
			}
		}
		got := "none"
		if route := stackOf(prefixes...).Match(asked); route != nil {
			got = route.Path
		}
		if got != want {
			t.Fatalf("Match(%q) among %q = %q, want %q", asked, prefixes, got, want)
		}
	})
}

func TestAPinnedReleaseNeedNotBeNamedByTheTable(t *testing.T) {
	source := frontdoor.Table{Shop: "demo", Active: "a", Preview: "b"}
	for _, name := range []string{"a", "b", "c"} {
		source.Releases = append(source.Releases, frontdoor.Release{Name: name, Routes: []frontdoor.Route{{Path: "/", Service: "web", Upstream: "web-" + name}}})
	}
	data, err := source.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Compile(data, "c")
	if err != nil || got.Routed() != "c" || got.Stack(Active).Match("/").Upstream != "web-c" || got.Stack(Preview) != nil {
		t.Errorf("routes to %q, preview %v, %v", got.Routed(), got.Stack(Preview), err)
	}
}
