package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// renewEvery and leaseSeconds are those of services/gateway/internal/report.
const (
	renewEvery   = 30 * time.Second
	leaseSeconds = 90
)

// doors plays the replicas of all front doors: each reports the table that it routes by in
// its Lease as soon as it sees it, and renews that.
type doors struct {
	kube     kubernetes.Interface
	pods     corelisters.PodLister
	tables   corelisters.ConfigMapLister
	queue    workqueue.TypedRateLimitingInterface[cache.ObjectName]
	informed []cache.SharedIndexInformer
	// applied holds when a replica began to route by a switch: a renewal must not change it.
	applied sync.Map
}

func newDoors(kube kubernetes.Interface, factory informers.SharedInformerFactory) *doors {
	pods, tables := factory.Core().V1().Pods(), factory.Core().V1().ConfigMaps()
	return &doors{
		kube: kube, pods: pods.Lister(), tables: tables.Lister(), informed: []cache.SharedIndexInformer{pods.Informer(), tables.Informer()},
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedItemBasedRateLimiter[cache.ObjectName]()),
	}
}

func (d *doors) listen() error {
	if err := onEvent(d.informed[0], d.queue.Add); err != nil {
		return err
	}
	return onEvent(d.informed[1], func(table cache.ObjectName) {
		replicas, err := d.pods.Pods(table.Namespace).List(labels.SelectorFromSet(labels.Set{frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}))
		if err != nil {
			return // a lister of memory
		}
		for _, pod := range replicas {
			if tableOf(pod) == table.Name {
				d.queue.Add(cache.MetaObjectToName(pod))
			}
		}
	})
}

// tableOf names the table by which a replica routes.
func tableOf(replica *corev1.Pod) string {
	return frontdoor.TableName(replica.Labels[frontdoor.LabelShop])
}

// sync writes the Lease of a replica; the answer is when to renew it.
func (d *doors) sync(ctx context.Context, name cache.ObjectName) (time.Duration, error) {
	pod, err := d.pods.Pods(name.Namespace).Get(name.Name)
	if err != nil || pod.Labels[frontdoor.LabelComponent] != frontdoor.ComponentFrontDoor || !isReady(pod) {
		return 0, ignoreMissing(err)
	}
	table, err := d.tables.ConfigMaps(name.Namespace).Get(tableOf(pod))
	if err != nil {
		return 0, ignoreMissing(err)
	}
	report, err := d.reportOf(pod.UID, table.Data[frontdoor.TableKey])
	if err != nil {
		return 0, fmt.Errorf("reading the table of %s: %w", name.Namespace, err)
	}
	return renewEvery, d.write(ctx, leaseOf(pod, report))
}

// routed names a switch that a replica routes by.
type routed struct {
	replica types.UID
	at      time.Time
}

func (d *doors) reportOf(replica types.UID, data string) (frontdoor.Report, error) {
	table, err := frontdoor.Decode(data)
	if err != nil {
		return frontdoor.Report{}, err
	}
	r := frontdoor.Report{TableHash: frontdoor.Hash(data), Active: table.Active}
	if table.Switch != nil {
		at, _ := d.applied.LoadOrStore(routed{replica, table.Switch.At.UTC()}, time.Now())
		r.Switch, r.AppliedAt = table.Switch.At, at.(time.Time)
	}
	return r, nil
}

func leaseOf(pod *corev1.Pod, r frontdoor.Report) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace, Annotations: r.Annotations(),
			Labels: map[string]string{
				frontdoor.LabelShop: pod.Labels[frontdoor.LabelShop], frontdoor.LabelComponent: frontdoor.ComponentFrontDoor, "app.kubernetes.io/managed-by": "emporium",
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &pod.Name, LeaseDurationSeconds: ptr.To[int32](leaseSeconds), RenewTime: ptr.To(metav1.NowMicro())},
	}
}

func (d *doors) write(ctx context.Context, lease *coordinationv1.Lease) error {
	patch, err := json.Marshal(lease)
	if err != nil {
		return err
	}
	leases := d.kube.CoordinationV1().Leases(lease.Namespace)
	_, err = leases.Patch(ctx, lease.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, lease, metav1.CreateOptions{})
	}
	return err
}
