package report

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

var id = Identity{Shop: "demo", Pod: "demo-abc", Namespace: "shops", UID: "u-1"}

// api is a Kubernetes API that can be lost.
type api struct {
	*fake.Clientset
	mu   sync.Mutex
	lost error
}

func newAPI() *api {
	a := &api{Clientset: fake.NewClientset()}
	a.PrependReactor("*", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.lost != nil, nil, a.lost
	})
	return a
}

func (a *api) lose(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = err
}

func (a *api) lease(t *testing.T) *coordinationv1.Lease {
	t.Helper()
	lease, err := a.Tracker().Get(coordinationv1.SchemeGroupVersion.WithResource("leases"), id.Namespace, id.Pod)
	if err != nil {
		t.Fatal(err)
	}
	return lease.(*coordinationv1.Lease)
}

// running starts a Reporter within a bubble; it returns the means to change what it reports.
func running(t *testing.T, a *api) (*Reporter, func(frontdoor.Report)) {
	var mu sync.Mutex
	var now frontdoor.Report
	r := New(a.CoordinationV1().Leases(id.Namespace), id, func() frontdoor.Report {
		mu.Lock()
		defer mu.Unlock()
		return now
	}, time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go r.Run(ctx)
	return r, func(next frontdoor.Report) {
		mu.Lock()
		now = next
		mu.Unlock()
		r.Changed()
	}
}

func reportOf(hash string) frontdoor.Report {
	return frontdoor.Report{TableHash: hash, Active: "a", Switch: time.Unix(5, 7).UTC(), AppliedAt: time.Unix(6, 8).UTC()}
}

func TestTheLeaseTellsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		_, change := running(t, a)
		change(reportOf("h1"))
		synctest.Wait()
		lease := a.lease(t)
		if got, err := frontdoor.ReportFrom(lease.Annotations); err != nil || got != reportOf("h1") {
			t.Errorf("reports %+v, %v", got, err)
		}
		if !frontdoor.Report(reportOf("h1")).Confirms(&frontdoor.Switch{At: time.Unix(5, 7)}) {
			t.Error("the report does not confirm its switch")
		}
		wantMeta := metav1.ObjectMeta{
			Name: id.Pod, Namespace: id.Namespace, Annotations: reportOf("h1").Annotations(),
			Labels:          map[string]string{"shop.emporium.dev/shop": "demo", "app.kubernetes.io/component": "front-door", "app.kubernetes.io/managed-by": "emporium"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: id.Pod, UID: id.UID}},
		}
		lease.ManagedFields = nil
		if diff := cmp.Diff(wantMeta, lease.ObjectMeta); diff != "" {
			t.Error(diff)
		}
		if *lease.Spec.LeaseDurationSeconds != 90 || *lease.Spec.HolderIdentity != id.Pod {
			t.Errorf("%+v", lease.Spec)
		}
	})
}

func TestASwapIsReportedAtOnceAndRenewedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		r, change := running(t, a)
		synctest.Wait()
		began := time.Now()
		for _, hash := range []string{"h1", "h2", "h3"} {
			change(reportOf(hash))
		}
		synctest.Wait()
		if got := a.lease(t).Annotations[frontdoor.AnnotationTableHash]; got != "h3" || time.Now() != began {
			t.Errorf("reports %s after %s", got, time.Since(began))
		}
		writes := len(a.Actions())
		time.Sleep(r.RenewEvery + time.Millisecond)
		synctest.Wait()
		if n := len(a.Actions()) - writes; n != 1 || !a.lease(t).Spec.RenewTime.After(began) || r.LastContact().Equal(began) {
			t.Errorf("%d writes in %s, renewed %s", n, r.RenewEvery, a.lease(t).Spec.RenewTime)
		}
	})
}

func TestALostAPIIsTriedAgainWithinSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		r, change := running(t, a)
		synctest.Wait()
		before := r.LastContact()
		a.lose(errors.New("connection refused"))
		change(reportOf("h1"))
		time.Sleep(time.Minute)
		if r.LastContact() != before {
			t.Error("a failed write counts as contact")
		}
		if n := len(a.Actions()); n > 45 {
			t.Errorf("%d attempts in a minute", n)
		}
		a.lose(nil)
		time.Sleep(longestPause)
		synctest.Wait()
		if a.lease(t).Annotations[frontdoor.AnnotationTableHash] != "h1" || r.LastContact().Equal(before) {
			t.Error("the report is not written after the API came back")
		}
	})
}

func TestALeaseThatWasDeletedIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		_, change := running(t, a)
		synctest.Wait()
		if err := a.Tracker().Delete(coordinationv1.SchemeGroupVersion.WithResource("leases"), id.Namespace, id.Pod); err != nil {
			t.Fatal(err)
		}
		change(reportOf("h2"))
		synctest.Wait()
		if a.lease(t).Annotations[frontdoor.AnnotationTableHash] != "h2" {
			t.Error("not written again")
		}
	})
}

func TestARenewalMayFailTwiceBeforeAReplicaCountsAsCutOff(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{30 * time.Second: 10 * time.Second, 3 * time.Minute: 30 * time.Second, time.Hour: 30 * time.Second} {
		if got := RenewEvery(limit); got != want {
			t.Errorf("with a limit of %s a report is renewed every %s, not every %s", limit, got, want)
		}
	}
}
