package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// tags play registries: what each tag names now. An image that is not there is not known.
type tags struct {
	names map[string]string
	asked int
}

func (r *tags) Ahead(types.NamespacedName, string, []v1alpha1.ReleaseService) {}
func (r *tags) Forget(types.NamespacedName)                                   {}

func (r *tags) Resolve(_ context.Context, _ types.NamespacedName, _ string, services []v1alpha1.ReleaseService) (map[string]string, string) {
	r.asked++
	digests, why := map[string]string{}, ""
	for _, s := range services {
		if digest, known := r.names[s.Image]; known {
			digests[s.Name] = digest
			continue
		}
		why = "registry docker.io answers 500"
	}
	return digests, why
}

func digestOf(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// tagged is a shop that serves, whose operators ask the tags.
func tagged(r *tags) *World {
	w := New()
	w.Rig = func(o *Operator) { o.Reconciler.Writer.Images = r }
	w.Install()
	w.StartOperator()
	w.Rest()
	return w
}

func (w *World) active(t *testing.T) *v1alpha1.ShopRelease {
	t.Helper()
	rel, is := w.Store.Get("ShopRelease", Namespace, w.Shop().Status.Active.Release).(*v1alpha1.ShopRelease)
	if !is {
		t.Fatal("the record of the active release is not there")
	}
	return rel
}

// runs is the image that pods of a service of the active release are made with.
func (w *World) runs(t *testing.T, service string) string {
	t.Helper()
	name := Shop + "-" + service + "-" + w.active(t).Spec.Revision
	d, is := w.Store.Get("Deployment", Namespace, name).(*appsv1.Deployment)
	if !is {
		t.Fatalf("Deployment %s is not there", name)
	}
	return d.Spec.Template.Spec.Containers[0].Image
}

func (w *World) saysOfImages(t *testing.T) string {
	t.Helper()
	c := meta.FindStatusCondition(w.active(t).Status.Conditions, string(v1alpha1.ConditionImagesPinned))
	if c == nil {
		t.Fatal("the active release says nothing of its images")
	}
	return c.Reason + ": " + c.Message
}

func (w *World) podsOf(service string) (out []*corev1.Pod) {
	for _, o := range w.Store.All("Pod") {
		if p := o.(*corev1.Pod); p.Labels[frontdoor.LabelService] == service && p.DeletionTimestamp.IsZero() {
			out = append(out, p)
		}
	}
	return out
}

func TestAReleaseRunsForGoodWhatItsTagsNamedWhenItWasCut(t *testing.T) {
	r := &tags{names: map[string]string{"cart:1": digestOf(1), "storefront:1": digestOf(10), "storefront:2": digestOf(20)}}
	w := tagged(r)
	defer w.Close()
	first := w.active(t).Name
	check := func(when, cart, says string) {
		t.Helper()
		if got := w.runs(t, "cart"); got != cart {
			t.Errorf("%s: the pods run %s, want %s", when, got, cart)
		}
		if got := w.saysOfImages(t); !strings.HasPrefix(got, says) {
			t.Errorf("%s: %s", when, got)
		}
	}
	check("at first", "cart@"+digestOf(1), "Pinned:")
	asked := r.asked
	r.names["cart:1"] = digestOf(2)
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) { s.Autoscaling.MinReplicas = 4 })
	w.Rest()
	check("after the tag was moved, and pods were added", "cart@"+digestOf(1), "Pinned:")
	if r.asked != asked {
		t.Errorf("registries are asked without a cut: %d times", r.asked-asked)
	}
	w.Image("storefront", "storefront:2")
	w.Rest()
	check("the next release asks anew", "cart@"+digestOf(2), "Pinned:")
	w.Image("storefront", "storefront:1")
	w.Rest()
	if got := w.active(t).Name; got != first {
		t.Fatalf("reverting made release %s, not %s", got, first)
	}
	check("after going back", "cart@"+digestOf(1), "Pinned:")
	w.Check(t, "a tag that is moved")
}

func TestARecordThatIsLostWhileNobodyWatchesComesBackWithTheDigestsOfItsPods(t *testing.T) {
	r := &tags{names: map[string]string{"cart:1": digestOf(1)}} // storefront:1 is not known
	w := tagged(r)
	defer w.Close()
	before := w.podsOf("cart")
	w.Operators[0].Kill()
	lost := w.active(t)
	w.Chaos().Delete(lost)
	r.names["cart:1"], r.names["storefront:1"] = digestOf(2), digestOf(20)
	w.StartOperator()
	w.Rest()
	again := w.active(t)
	if again.UID == lost.UID || again.Name != lost.Name {
		t.Fatalf("the record was not cut again: %s", again.Name)
	}
	for _, s := range again.Spec.Services {
		if want := map[string]string{"cart": digestOf(1)}[s.Name]; s.ImageDigest != want {
			t.Errorf("%s: %q is recorded, want %q", s.Name, s.ImageDigest, want)
		}
	}
	uids := func(all []*corev1.Pod) (out []string) {
		for _, p := range all {
			out = append(out, string(p.UID))
		}
		slices.Sort(out)
		return out
	}
	if got, want := uids(w.podsOf("cart")), uids(before); !slices.Equal(got, want) {
		t.Errorf("pods of the stack that serves were replaced: %v, want %v", got, want)
	}
	w.Check(t, "a lost record")
}

func TestARegistryThatDoesNotAnswerFailsNoReleaseAndIsTold(t *testing.T) {
	r := &tags{}
	w := tagged(r)
	defer w.Close()
	const want = "UnresolvedTags: pods that start later may run another program, and so may this release when one goes back to it: " +
		"the digests of cart (cart:1), storefront (storefront:1) are not known; name digests in spec.image; when it was cut: registry docker.io answers 500"
	if got := w.saysOfImages(t); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if reason, message := w.Reason(); reason != v1alpha1.ReasonServing || w.runs(t, "cart") != "cart:1" {
		t.Errorf("%s: %s; the pods run %s", reason, message, w.runs(t, "cart"))
	}
	if r.asked != 1 {
		t.Errorf("asked %d times for one release", r.asked)
	}
	w.Check(t, "no registry")
}

// A tag was pushed again, and one of two pods was made anew since.
func TestPodsOfOneReleaseThatRunTwoProgramsAreNamed(t *testing.T) {
	w := New()
	defer w.Close()
	program := digestOf(1)
	w.Act = func(w *World) { // the kubelet says what it pulled
		for _, p := range w.podsOf("cart") {
			if s := p.Status.ContainerStatuses; len(s) > 0 && s[0].ImageID == "" {
				w.as("kubelet").Report(p, func(o client.Object) {
					o.(*corev1.Pod).Status.ContainerStatuses[0].ImageID = "docker.io/library/cart@" + program
				})
			}
		}
	}
	w.Install()
	w.StartOperator()
	w.Rest()
	if got := w.saysOfImages(t); !strings.HasPrefix(got, "UnresolvedTags: ") {
		t.Errorf("before: %s", got)
	}
	program = digestOf(2)
	w.Chaos().Delete(w.podsOf("cart")[0])
	w.Rest()
	if got, want := w.saysOfImages(t), "ImagesDiffer: pods of cart run 2 images, sha256:000000000000"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s…", got, want)
	}
	svc := w.Store.Get("ShopService", Namespace, "cart").(*v1alpha1.ShopService)
	if c := meta.FindStatusCondition(svc.Status.Conditions, string(v1alpha1.ConditionReady)); !strings.Contains(c.Message, ", but its pods run 2 images") {
		t.Errorf("the service says: %s", c.Message)
	}
	told := 0
	for _, e := range w.Operators[0].Events {
		if strings.HasPrefix(e, "Warning ImagesDiffer ") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times: %v", told, w.Operators[0].Events)
	}
	w.Chaos().Delete(w.podsOf("cart")[0])
	w.Chaos().Delete(w.podsOf("cart")[0])
	w.Rest()
	if got := w.saysOfImages(t); !strings.HasPrefix(got, "UnresolvedTags: ") {
		t.Errorf("after the pods were deleted: %s", got)
	}
}
