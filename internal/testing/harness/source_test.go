package harness

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// sourced is a shop that serves, whose cart comes from a source that built commit c1.
func sourced() *World {
	w := New()
	w.Install()
	source := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: "cart", Namespace: Namespace}}
	source.Spec.Timeout = duration(10 * time.Minute)
	source.Status.Latest = imageOf("c1", 1)
	w.User().Create(source)
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		s.Image, s.ImageFrom = "", &v1alpha1.ImageSource{Source: "cart"}
	})
	w.StartOperator()
	w.Rest()
	return w
}

func imageOf(commit string, content int) *v1alpha1.BuiltImage {
	return &v1alpha1.BuiltImage{Commit: commit, Version: commit, Image: "reg.example/cart@" + digestOf(content)}
}

// sourceSays sets the status of the source, as its controller does.
func (w *World) sourceSays(change func(*v1alpha1.ShopSourceStatus)) {
	w.User().Set(w.Store.Get("ShopSource", Namespace, "cart"), func(o client.Object) { change(&o.(*v1alpha1.ShopSource).Status) })
}

func (w *World) builds(commit string) {
	w.sourceSays(func(s *v1alpha1.ShopSourceStatus) { s.Building = &v1alpha1.Build{Commit: commit} })
}

func (w *World) built(commit string, content int) {
	w.sourceSays(func(s *v1alpha1.ShopSourceStatus) { s.Building, s.Latest = nil, imageOf(commit, content) })
}

func TestACommitIsServedOnceItsImageIsThere(t *testing.T) {
	w := sourced()
	first := w.active(t)
	if got := w.runs(t, "cart"); got != imageOf("c1", 1).Image {
		t.Fatalf("cart runs %s", got)
	}
	w.builds("c2")
	w.Rest()
	if is := w.active(t).Name; is != first.Name {
		t.Fatalf("while it is built, %s serves in the place of %s", is, first.Name)
	}
	w.built("c2", 2)
	w.Rest()
	second := w.active(t)
	if w.runs(t, "cart") != imageOf("c2", 2).Image || second.Name == first.Name {
		t.Errorf("%s serves and cart runs %s, want the image of c2", second.Name, w.runs(t, "cart"))
	}
	w.builds("c3")
	w.built("c3", 1) // git revert: the content of c1
	w.Rest()
	if is := w.active(t).Name; is != first.Name {
		t.Errorf("after the revert %s serves, want the release of before, %s", is, first.Name)
	}
	w.Check(t, "a commit, and its revert")
}

func TestACommitThatChangesNoImageWritesNoRelease(t *testing.T) {
	w := sourced()
	before := len(w.Store.All("ShopRelease"))
	w.builds("c2")
	w.built("c2", 1)
	w.Rest()
	if after := len(w.Store.All("ShopRelease")); after != before {
		t.Errorf("%d releases, before it were %d", after, before)
	}
	w.Check(t, "a commit of the docs")
}

func TestTwoTeamsCommitsAreOneReleaseWhileOneIsStillBuilt(t *testing.T) {
	w := sourced()
	before := len(w.Store.All("ShopRelease"))
	w.builds("c2")
	w.Image("storefront", "storefront:2")
	w.For(time.Minute)
	if after := len(w.Store.All("ShopRelease")); after != before {
		t.Fatalf("a release was cut while the source builds: %d, before it were %d", after, before)
	}
	if reason, message := w.Reason(); reason != v1alpha1.ReasonBuilding {
		t.Errorf("the shop says %s: %s", reason, message)
	}
	w.built("c2", 2)
	w.Rest()
	if after := len(w.Store.All("ShopRelease")); after != before+1 {
		t.Errorf("%d releases were cut, want one of both", after-before)
	}
	if w.runs(t, "cart") != imageOf("c2", 2).Image || w.runs(t, "storefront") != "storefront:2" {
		t.Errorf("cart runs %s and storefront %s", w.runs(t, "cart"), w.runs(t, "storefront"))
	}
	w.Check(t, "two teams")
}

func TestABuildThatNeverEndsHoldsOthersNoLongerThanItsTimeout(t *testing.T) {
	w := sourced()
	w.builds("c2")
	w.Image("storefront", "storefront:2")
	w.For(9 * time.Minute)
	if w.runs(t, "storefront") == "storefront:2" {
		t.Fatal("the release was cut while the source builds")
	}
	w.For(2 * time.Minute)
	if got := w.runs(t, "storefront"); got != "storefront:2" {
		t.Errorf("past the timeout storefront runs %s", got)
	}
	w.Check(t, "a build that never ends")
}

func TestASourceThatIsDeletedTakesNothingFromWhoServes(t *testing.T) {
	w := sourced()
	serving := w.active(t).Name
	w.Chaos().Delete(w.Store.Get("ShopSource", Namespace, "cart"))
	w.Rest()
	if is := w.active(t).Name; is != serving || w.runs(t, "cart") != imageOf("c1", 1).Image {
		t.Errorf("%s serves, with %s", is, w.runs(t, "cart"))
	}
	if reason, message := w.Reason(); reason != v1alpha1.ReasonInvalidServices {
		t.Errorf("the shop says %s: %s", reason, message)
	}
	w.Check(t, "a source that was deleted")
}

func TestACommitThatNobodyWasToldOfBeforeIsServed(t *testing.T) {
	w := sourced()
	w.built("c2", 2) // another operator's view of the build came together with its end
	w.For(20 * time.Second)
	if got := w.runs(t, "cart"); got != imageOf("c2", 2).Image {
		t.Errorf("cart runs %s, want the image of c2", got)
	}
	w.Check(t, "a build that nobody saw")
}
