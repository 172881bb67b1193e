package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	kubetesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/utils/ptr"
)

// leads tells whether a pod comes to lead within a second, where the Lease was renewed a moment ago.
func leads(t *testing.T, holder, pod string) bool {
	t.Helper()
	kube := fake.NewClientset(&coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: leaderElectionID, Namespace: "emporium-system"},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &holder, LeaseDurationSeconds: ptr.To(int32(leaseDuration.Seconds())),
			AcquireTime: ptr.To(metav1.NowMicro()), RenewTime: ptr.To(metav1.NowMicro()),
		},
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var led atomic.Bool
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock(kube.CoordinationV1(), "emporium-system", pod), LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {}, OnStoppedLeading: func() {},
			OnNewLeader: func(who string) {
				if who == pod {
					led.Store(true)
				}
			},
		},
	})
	return led.Load()
}

func TestAContainerThatWasKilledLeadsAgainWithoutWaitingForItsLease(t *testing.T) {
	if !leads(t, "emporium-a", "emporium-a") {
		t.Error("it waits for its own Lease to run out")
	}
}

func TestAnotherPodWaitsForTheLeaseOfTheOneThatLeads(t *testing.T) {
	if leads(t, "emporium-a", "emporium-b") {
		t.Error("two lead")
	}
}

// TestTheTimeOutOfTheLeadershipIsItsOwn: on the manager's client it would cut every watch.
func TestTheTimeOutOfTheLeadershipIsItsOwn(t *testing.T) {
	t.Setenv("POD_NAME", "emporium-1")
	t.Setenv("POD_NAMESPACE", "emporium-system")
	config := &rest.Config{Host: "https://127.0.0.1:1", UserAgent: "manager"}
	if lock, err := leaderLock(config); err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	if config.Timeout != 0 || config.UserAgent != "manager" {
		t.Errorf("the manager's client has a time-out of %s and calls itself %s", config.Timeout, config.UserAgent)
	}
}

// A machine without CPU to spare: each answer comes late, and requests of the leader time out.
func TestALeaderThatIsStarvedForTenSecondsGoesOnLeading(t *testing.T) {
	for name, x := range map[string]struct {
		starved, late time.Duration
		leads         bool
	}{
		"answers take eight seconds, for two minutes": {2 * time.Minute, 8 * time.Second, true},
		"no answer for ten seconds":                   {10 * time.Second, time.Hour, true},
		"no answer for longer than another waits":     {leaseDuration + renewDeadline, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := leadsOn(x.starved, x.late); got != x.leads {
					t.Errorf("leads: %t", got)
				}
			})
		})
	}
}

// leadsOn tells whether a leader that is starved for some time still leads a minute after that. What
// takes longer than the time-out of its client fails with it.
func leadsOn(starved, late time.Duration) bool {
	kube := fake.NewClientset()
	begun := time.Now()
	kube.PrependReactor("*", "leases", func(kubetesting.Action) (bool, runtime.Object, error) {
		if since := time.Since(begun); since < retryPeriod || since >= retryPeriod+starved { // it first has to lead
			return false, nil, nil
		}
		time.Sleep(min(late, renewDeadline/2))
		if late > renewDeadline/2 {
			return true, nil, context.DeadlineExceeded
		}
		return false, nil, nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), retryPeriod+starved+time.Minute)
	defer cancel()
	var stopped time.Time
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock(kube.CoordinationV1(), "emporium-system", "emporium-a"), LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) {}, OnStoppedLeading: func() { stopped = time.Now() },
		},
	})
	return stopped.Sub(begun) >= retryPeriod+starved+time.Minute
}
