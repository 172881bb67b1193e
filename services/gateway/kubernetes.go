package main

import (
	"cmp"
	"fmt"
	"os"

	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1 "k8s.io/client-go/kubernetes/typed/discovery/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/emporium-shop/emporium/services/gateway/internal/settings"
)

// clients are the three kinds that the front door reads or writes, in its namespace.
type clients struct {
	configMaps corev1.ConfigMapInterface
	slices     discoveryv1.EndpointSliceInterface
	leases     coordinationv1.LeaseInterface
}

func connect(kubeconfig string, set settings.Settings) (clients, error) {
	hearBreaksSoon()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return clients{}, fmt.Errorf("reading the configuration: %w", err)
	}
	config.UserAgent = "emporium-gateway"
	config.QPS = -1 // one Lease every ten seconds; a report of a switch must never queue
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	core, err := corev1.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	discovery, err := discoveryv1.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	coordination, err := coordinationv1.NewForConfig(config)
	if err != nil {
		return clients{}, err
	}
	return clients{core.ConfigMaps(set.Namespace), discovery.EndpointSlices(set.Namespace), coordination.Leases(set.Namespace)}, nil
}

// hearBreaksSoon makes client-go notice a dead connection after 8 s, where its
// default is 45 s: a watch that hangs holds up a switch.
func hearBreaksSoon() {
	for name, seconds := range map[string]string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "5", "HTTP2_PING_TIMEOUT_SECONDS": "3"} {
		_ = os.Setenv(name, cmp.Or(os.Getenv(name), seconds)) // fails on a malformed name only
	}
}
