package main

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// pushedAt is when the commits of the tests were pushed; at is so many seconds later.
var pushedAt = time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return pushedAt.Add(time.Duration(seconds * float64(time.Second)))
}

func source(status v1alpha1.ShopSourceStatus) *v1alpha1.ShopSource {
	return &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: "offers"}, Status: status}
}

func builds(commit string) *v1alpha1.ShopSource {
	return source(v1alpha1.ShopSourceStatus{Building: &v1alpha1.Build{Commit: commit, Job: "offers-" + commit}})
}

func has(commit, image string) *v1alpha1.ShopSource {
	return source(v1alpha1.ShopSourceStatus{Latest: &v1alpha1.BuiltImage{Commit: commit, Image: image}})
}

// pod of a build, with containers that ended well.
func pod(job string, ended ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"batch.kubernetes.io/job-name": job}}}
	for _, name := range ended {
		state := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: metav1.NewTime(at(3))}}
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, corev1.ContainerStatus{Name: name, State: state})
	}
	return p
}

func release(name, image string) *v1alpha1.ShopRelease {
	r := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: name}}
	r.Spec.Services = []v1alpha1.ReleaseService{{Name: "offers", ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}}}
	return r
}

// switched is a shop whose switch was written and confirmed so many seconds after the push.
func switched(to string, written, confirmed float64) *v1alpha1.Shop {
	end := metav1.NewMicroTime(at(confirmed))
	return &v1alpha1.Shop{Status: v1alpha1.ShopStatus{LastSwitch: &v1alpha1.SwitchRecord{To: to, WrittenAt: metav1.NewMicroTime(at(written)), ConfirmedAt: &end}}}
}

func candidate(name string) *v1alpha1.Shop {
	return &v1alpha1.Shop{Status: v1alpha1.ShopStatus{Candidate: &v1alpha1.ReleaseRef{Release: name}}}
}

func seen(all ...any) (sights []sight) {
	for i := 0; i < len(all); i += 2 {
		sights = append(sights, sight{at(all[i].(float64)), all[i+1].(client.Object)})
	}
	return sights
}

// served is the whole way of a commit.
func served() []sight {
	return seen(
		-9.0, release("f-old", "x@1"), -9.0, has("c0", "x@1"), -8.0, switched("f-old", -9, -8),
		1.0, builds("c1"), 2.0, pod("offers-c1"), 5.0, pod("offers-c1", "engine", "build"), 6.0, pod("offers-c1", "engine", "build", "test"),
		7.0, has("c1", "x@2"), 8.0, release("f-new", "x@2"), 8.5, candidate("f-new"), 11.0, switched("f-new", 10.2, 10.9),
	)
}

func TestTheWayOfACommitIsTold(t *testing.T) {
	w := trace(served(), "offers", "c1", pushedAt)
	var got []string
	for _, l := range w.legs() {
		got = append(got, l.name+" "+seconds(l.to.Sub(l.from)))
	}
	want := "Git is asked 1.0s, pod starts 2.0s, build 2.0s, test 1.0s, push 1.0s, waits for the cut 1.5s, stack starts 1.7s, switch 0.7s"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	if w.Release != "f-new" || w.Image != "x@2" || w.took(w.Confirmed) != 10900*time.Millisecond {
		t.Errorf("got %+v", w)
	}
}

func TestASwitchToAnotherImageIsNotTheCommits(t *testing.T) {
	sights := append(served()[:8], seen(8.0, release("f-other", "x@9"), 8.2, candidate("f-other"), 9.0, switched("f-other", 8.5, 8.9))...)
	if w := trace(sights, "offers", "c1", pushedAt); w.Image != "x@2" || !w.Confirmed.IsZero() || !w.Cut.IsZero() {
		t.Errorf("it is said to serve: %+v", w)
	}
}

func TestASwitchOfBeforeThePushIsNotTheCommits(t *testing.T) {
	sights := seen(-9.0, release("f-old", "x@1"), 1.0, has("c1", "x@1"), 2.0, switched("f-old", -9, -8))
	if w := trace(sights, "offers", "c1", pushedAt); w.Stored.IsZero() || !w.Confirmed.IsZero() {
		t.Errorf("it is said to serve: %+v", w)
	}
}

func TestWhatASourceSaysOfAnotherCommitIsNotTheCommits(t *testing.T) {
	failed := source(v1alpha1.ShopSourceStatus{Failed: &v1alpha1.FailedBuild{Commit: "c0"}, Building: &v1alpha1.Build{Commit: "c0"}})
	other := has("c1", "x@2")
	other.Name = "wishlist"
	w := trace(seen(1.0, failed, 2.0, other), "offers", "c1", pushedAt)
	if w.Failed != nil || !w.Noticed.IsZero() || !w.Stored.IsZero() {
		t.Errorf("got %+v", w)
	}
}

func TestARefusedCommitHasTheWordOfItsSource(t *testing.T) {
	failed := source(v1alpha1.ShopSourceStatus{Failed: &v1alpha1.FailedBuild{Commit: "c1", Reason: v1alpha1.ReasonTestsFailed}})
	w := trace(seen(1.0, builds("c1"), 5.0, pod("offers-c1", "build"), 7.0, failed), "offers", "c1", pushedAt)
	if w.Failed == nil || w.took(w.Refused) != 7*time.Second || w.took(w.Built) != 5*time.Second || !w.Tested.IsZero() {
		t.Errorf("got %+v", w)
	}
}

func TestAContainerThatFailedIsNotBuilt(t *testing.T) {
	p := pod("offers-c1", "build")
	p.Status.InitContainerStatuses[0].State.Terminated.ExitCode = 1
	if w := trace(seen(1.0, builds("c1"), 5.0, p), "offers", "c1", pushedAt); !w.Built.IsZero() {
		t.Errorf("got %+v", w)
	}
}

func TestAMomentThatWasNotSeenIsPartOfTheNext(t *testing.T) {
	w := way{Pushed: pushedAt, Noticed: at(1), Stored: at(4)}
	legs := w.legs()
	if len(legs) != 2 || legs[1].name != "push" || !legs[1].from.Equal(at(1)) {
		t.Errorf("got %+v", legs)
	}
}

func TestLegsGoForward(t *testing.T) {
	w := way{Pushed: pushedAt, Noticed: at(2), Building: at(1), Built: at(3)}
	for _, l := range w.legs() {
		if l.to.Before(l.from) {
			t.Errorf("%s ends %s before it begins", l.name, l.from.Sub(l.to))
		}
	}
}
