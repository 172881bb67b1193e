package report

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

const (
	// labelManagedBy and managedBy mark what belongs to a shop.
	labelManagedBy = "app.kubernetes.io/managed-by"
	managedBy      = "emporium"
	// renewalsOfALease: a report counts as that of a living replica until two renewals failed.
	renewalsOfALease = 3
)

// Identity says whose report it is.
type Identity struct {
	Shop string
	// Pod, Namespace and UID are those of the replica's Pod, which owns the
	// Lease: it is removed with the Pod.
	Pod, Namespace string
	UID            types.UID
}

// Leases writes Leases; the typed client of a namespace does.
type Leases interface {
	Create(context.Context, *coordinationv1.Lease, metav1.CreateOptions) (*coordinationv1.Lease, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (*coordinationv1.Lease, error)
}

// lease returns the whole Lease of a report.
func (id Identity) lease(r frontdoor.Report, now time.Time, renewEvery time.Duration) *coordinationv1.Lease {
	seconds, renewed := int32(max(1, renewalsOfALease*renewEvery/time.Second)), metav1.NewMicroTime(now)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name:      id.Pod,
			Namespace: id.Namespace,
			Labels: map[string]string{
				frontdoor.LabelShop:      id.Shop,
				frontdoor.LabelComponent: frontdoor.ComponentFrontDoor,
				labelManagedBy:           managedBy,
			},
			Annotations:     r.Annotations(),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: id.Pod, UID: id.UID}},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &id.Pod, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
	}
}

// write stores the report in one request: a merge patch needs no read before
// it, and this replica is the only writer. The first write creates.
func write(ctx context.Context, leases Leases, lease *coordinationv1.Lease) error {
	patch, err := json.Marshal(lease)
	if err != nil {
		return fmt.Errorf("encoding the Lease: %w", err)
	}
	_, err = leases.Patch(ctx, lease.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, lease, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("writing the Lease: %w", err)
	}
	return nil
}
