package status

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

const (
	digestA = "sha256:2d2aec7b111100000000000000000000000000000000000000000000000000aa"
	digestB = "sha256:03a70ed5222200000000000000000000000000000000000000000000000000bb"
)

// saysOfImages is the condition ImagesPinned of a release.
func saysOfImages(rel *v1alpha1.ShopRelease, programs map[string][]string) string {
	w := &observe.World{
		Shop: &v1alpha1.Shop{}, Releases: map[string]*v1alpha1.ShopRelease{releaseA: rel},
		Programs: map[string]map[string][]string{releaseA: programs},
	}
	rel.Status = Release(w, &plan.Decision{}, rel)
	c := meta.FindStatusCondition(rel.Status.Conditions, string(v1alpha1.ConditionImagesPinned))
	return string(c.Status) + " " + c.Reason + ": " + c.Message
}

func withImages(why string, images ...string) *v1alpha1.ShopRelease {
	rel := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: releaseA, Annotations: map[string]string{v1alpha1.AnnotationUnresolved: why}}}
	for i, image := range images {
		image, digest, _ := strings.Cut(image, " ")
		rel.Spec.Services = append(rel.Spec.Services, v1alpha1.ReleaseService{
			Name: fmt.Sprint("s", i), ImageDigest: digest, ServiceTemplate: v1alpha1.ServiceTemplate{Image: image},
		})
	}
	return rel
}

func TestAReleaseWhoseTagsAreNotResolvedSaysThatItCanChange(t *testing.T) {
	const later = "False UnresolvedTags: pods that start later may run another program, and so may this release when one goes back to it: the digests of "
	several := map[string][]string{"s0": {digestB, digestA}}
	for name, c := range map[string]struct {
		rel      *v1alpha1.ShopRelease
		programs map[string][]string
		want     string
	}{
		"digests, named and recorded": {withImages("", "cart@"+digestA, "catalog:1 "+digestB), nil, "True Pinned: the digest of every image is known"},
		"a tag":                       {withImages("", "cart:1", "catalog:1 "+digestB), nil, later + "s0 (cart:1) are not known; name digests in spec.image"},
		"many tags, and why": {withImages("registry r.example answers 500 (s0)", "a", "b", "c", "d", "e"), nil,
			later + "s0 (a), s1 (b), s2 (c) and 2 more are not known; name digests in spec.image; when it was cut: registry r.example answers 500 (s0)"},
		"the tag was moved, and pods run both": {withImages("", "cart:1", "catalog:1"), several,
			"False ImagesDiffer: pods of s0 run 2 images, sha256:03a70ed52222, sha256:2d2aec7b1111: their tag was moved; delete the pods that run the wrong one, or release a digest"},
		"what a digest names is one program": {withImages("", "cart@"+digestA), several, "True Pinned: the digest of every image is known"},
	} {
		if got := saysOfImages(c.rel, c.programs); got != c.want {
			t.Errorf("%s: got\n%q, want\n%q", name, got, c.want)
		}
		if again := saysOfImages(c.rel, c.programs); again != c.want {
			t.Errorf("%s: another sentence in the next pass: %q", name, again)
		}
	}
}

func TestWhatIsSaidOfAHundredImagesIsBounded(t *testing.T) {
	rel := withImages(strings.Repeat("why; ", 1000))
	programs := map[string][]string{}
	for i := range 100 {
		name := fmt.Sprint("s", i)
		rel.Spec.Services = append(rel.Spec.Services, v1alpha1.ReleaseService{Name: name, ServiceTemplate: v1alpha1.ServiceTemplate{Image: strings.Repeat("i", 512)}})
		programs[name] = []string{digestA, digestB}
	}
	for _, got := range []string{saysOfImages(rel, nil), saysOfImages(rel, programs)} {
		if len(got) > mostMessage+100 {
			t.Errorf("%d bytes: %s", len(got), got)
		}
	}
}

func TestAServiceSaysThatItsPodsRunTwoPrograms(t *testing.T) {
	rel := withImages("", "cart:1", "catalog:1 "+digestA)
	w := &observe.World{
		Shop: &v1alpha1.Shop{}, Releases: map[string]*v1alpha1.ShopRelease{releaseA: rel}, Programs: map[string]map[string][]string{releaseA: {"s0": {digestB, digestA}, "s1": {digestB, digestA}}},
	}
	w.Snapshot.Spec = rel.Spec
	w.Observed.Stacks = map[string]plan.Stack{releaseA: {"s0": {Current: true}, "s1": {Current: true}}}
	for service, want := range map[string]string{
		"s0": "release " + releaseA + " serves, but its pods run 2 images, sha256:03a70ed52222, sha256:2d2aec7b1111: the tag was moved; delete the pods that run the wrong one, or release a digest",
		"s1": "release " + releaseA + " serves",
	} {
		d := plan.Decision{Reason: v1alpha1.ReasonServing}
		d.Table.Active = releaseA
		s := Service(w, &d, &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: service}})
		c := meta.FindStatusCondition(s.Conditions, string(v1alpha1.ConditionReady))
		if c.Message != want || c.Status != metav1.ConditionTrue {
			t.Errorf("%s: %s %q, want %q", service, c.Status, c.Message, want)
		}
	}
}
