package status

import (
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	snapshots "github.com/emporium-shop/emporium/internal/release"
)

func of(images map[string]string) v1alpha1.ShopReleaseSpec {
	var out v1alpha1.ShopReleaseSpec
	for name, image := range images {
		out.Services = append(out.Services, v1alpha1.ReleaseService{Name: name, ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}})
	}
	return out
}

func TestPendingMessageNamesWhatWaitsAndTheWayOut(t *testing.T) {
	held := map[string]string{"cart": "cart:1", "catalog": "catalog:1", "wishes": "wishes:1"}
	now := map[string]string{"cart": "cart:1", "catalog": "catalog:2", "search": "search:1"}
	for name, c := range map[string]struct {
		policy v1alpha1.ReleasePolicy
		known  bool
		want   string
	}{
		"a version": {v1alpha1.ReleasePolicy{Version: "1"}, true,
			"catalog, search (new), wishes (removed) differ from release acme-aaaaaaaa, which spec.release.version names; change it to cut a release with them"},
		"a pin": {v1alpha1.ReleasePolicy{Active: "acme-aaaaaaaa"}, true,
			"catalog, search (new), wishes (removed) differ from release acme-aaaaaaaa, which spec.release.active names; clear it to release them"},
		"a release that is gone": {v1alpha1.ReleasePolicy{Version: "1"}, false,
			"services differ from release acme-aaaaaaaa, which spec.release.version names; change it to cut a release with them"},
	} {
		w := &observe.World{Shop: &v1alpha1.Shop{}, Snapshot: snapshots.Snapshot{Spec: of(now)}, Releases: map[string]*v1alpha1.ShopRelease{}}
		w.Shop.Spec.Release = c.policy
		if c.known {
			w.Releases[releaseA] = &v1alpha1.ShopRelease{Spec: of(held)}
		}
		if got := pendingMessage(w, releaseA); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}
