package main

import (
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Times of the leadership. A machine that has no CPU to spare answers after ten seconds and
// more, and a leader that ends then takes the guard with it. They are waited for only when a
// node is gone: a leader that ends in order gives its Lease back, and one whose process died
// is back under the same name (lock).
const (
	leaderElectionID = "emporium.shop.emporium.dev"
	leaseDuration    = 30 * time.Second
	renewDeadline    = 20 * time.Second
	retryPeriod      = 5 * time.Second
)

// leaderLock is nil outside of a pod, and the manager then makes one of its own.
func leaderLock(config *rest.Config) (resourcelock.Interface, error) {
	pod, namespace := os.Getenv("POD_NAME"), os.Getenv("POD_NAMESPACE")
	if pod == "" || namespace == "" {
		return nil, nil
	}
	config = rest.AddUserAgent(rest.CopyConfig(config), "leader-election") // AddUserAgent itself copies nothing
	config.Timeout = renewDeadline / 2                                     // one request that hangs is not the end of the leadership
	leases, err := coordinationv1client.NewForConfig(config)               // a client of all kinds would bring each of their types into the program
	if err != nil {
		return nil, fmt.Errorf("making the client of the leadership: %w", err)
	}
	return lock(leases, namespace, pod), nil
}

// lock holds the Lease in the name of the pod. Its containers run one after the other, so one
// that was killed leads again as soon as it is back, though its Lease has not run out.
func lock(leases coordinationv1client.LeasesGetter, namespace, pod string) resourcelock.Interface {
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: leaderElectionID, Namespace: namespace},
		Client:     leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: pod},
	}
}
