package controllers

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
)

var wishlist = types.NamespacedName{Namespace: "acme", Name: "wishlist"}

// called is a webhook of one source, and what it writes to.
func called(t *testing.T) (*Webhook, client.Client) {
	t.Helper()
	scheme, err := NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(&v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "wishlist"}}).Build()
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	return &Webhook{Cache: c, Writer: &apply.Writer{Client: c, Writes: NewMetrics(prometheus.NewRegistry()).Writes}, Now: func() time.Time { return noon }}, c
}

func seen(t *testing.T, c client.Reader) *v1alpha1.ShopSource {
	t.Helper()
	var s v1alpha1.ShopSource
	if err := c.Get(context.Background(), wishlist, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

func TestACallOfAGitHostReachesTheReplicaThatLeadsByAnAnnotation(t *testing.T) {
	h, c := called(t)
	if h.NeedLeaderElection() {
		t.Error("a replica that does not lead takes no calls, and a Service reaches any of them")
	}
	before := seen(t, c)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Start(ctx) }()
	h.Look(wishlist)
	deadline := time.Now().Add(10 * time.Second)
	for seen(t, c).Annotations[v1alpha1.AnnotationPushedAt] == "" && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	after := seen(t, c)
	if got := after.Annotations[v1alpha1.AnnotationPushedAt]; got != "2026-11-27T12:00:00Z" {
		t.Fatalf("the call is noted as %q", got)
	}
	if !requestTold().Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}) {
		t.Error("the annotation wakes nobody")
	}
}

func TestACallIsNoRequestToTryAFailedCommitOnceMore(t *testing.T) {
	s := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{
		v1alpha1.AnnotationRequestedAt: "people", v1alpha1.AnnotationPushedAt: "a Git host",
	}}}
	if got := requestOf(requestsOf(s)); got != "people" {
		t.Errorf("what people asked for is %q: whoever replays a call would let a failing commit be built again and again", got)
	}
}

func TestACallOfASourceThatIsGoneIsNoError(t *testing.T) {
	h, _ := called(t)
	if err := h.note(context.Background(), types.NamespacedName{Namespace: "acme", Name: "gone"}); err != nil {
		t.Error(err)
	}
}

func TestCallsThatNobodyTakesDoNotWait(t *testing.T) {
	h, _ := called(t)
	for range 2 * mostCalls {
		h.Look(wishlist)
	}
	if n := len(h.queue()); n != mostCalls {
		t.Errorf("%d calls wait, want %d at most", n, mostCalls)
	}
}
