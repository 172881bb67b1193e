package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/plan"
)

// readFrontDoor reads the replicas of the front door and what they report.
func (r *Reader) readFrontDoor(ctx context.Context, w *World) error {
	var pods corev1.PodList
	var leases coordinationv1.LeaseList
	of := client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name, frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Shop.Namespace), of); err != nil {
		return fmt.Errorf("listing the front door's pods: %w", err)
	}
	if err := r.Cache.List(ctx, &leases, client.InNamespace(w.Shop.Namespace), of); err != nil {
		return fmt.Errorf("listing the front door's Leases: %w", err)
	}
	recoverTable(w, leases.Items)
	hash := ""
	if w.Table != nil {
		hash = frontdoor.Hash(w.Table.Data[frontdoor.TableKey])
	}
	w.Observed.FrontDoor = confirmation(pods.Items, leases.Items, w.Observed.Table.Switch, hash)
	w.Observed.FrontDoor.ConfirmedBefore = w.confirmedBefore()
	w.Routed = routed(pods.Items, leases.Items)
	return r.readAccount(ctx, w)
}

// readAccount reads the identity by which the front door's pods talk to the API: pods that were
// made with one that is gone cannot report any more.
func (r *Reader) readAccount(ctx context.Context, w *World) error {
	var account corev1.ServiceAccount
	key := client.ObjectKey{Namespace: w.Shop.Namespace, Name: frontdoor.TableName(w.Shop.Name)}
	err := r.Cache.Get(ctx, key, &account)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the front door's ServiceAccount: %w", err)
	}
	if err == nil {
		w.Account = &account.ObjectMeta
	}
	return nil
}

// confirmedBefore: the Shop's status holds that every replica confirmed the last switch.
func (w *World) confirmedBefore() bool {
	last, s := w.Shop.Status.LastSwitch, w.Observed.Table.Switch
	return last != nil && s != nil && last.ConfirmedAt != nil && last.To == w.Observed.Table.Active &&
		last.WrittenAt.Time.Equal(s.At.Truncate(time.Microsecond))
}

// confirmation counts the ready replicas of the front door and those that route by the last switch.
func confirmation(pods []corev1.Pod, leases []coordinationv1.Lease, last *frontdoor.Switch, table string) plan.FrontDoor {
	reports := reportsOf(leases)
	var out plan.FrontDoor
	for i := range pods {
		p := &pods[i]
		if t := troubleOf(p); t.reason != "" && (out.Trouble == "" || p.Name < out.Trouble) {
			out.Trouble, out.TroubleReason = p.Name+" ("+t.reason+")", t.reason
		}
		if !PodReady(p) {
			continue
		}
		out.Ready++
		r := reports[p.Name]
		if r.TableHash == table {
			out.Current++
		}
		if !r.Confirms(last) {
			out.Unconfirmed = append(out.Unconfirmed, p.Name)
			continue
		}
		out.Confirmed++
		if r.Counts != nil {
			out.Counts = out.Counts.Plus(*r.Counts)
		}
		if r.AppliedAt.After(out.ConfirmedAt) {
			out.ConfirmedAt = r.AppliedAt
		}
	}
	slices.Sort(out.Unconfirmed)
	return out
}

// routed names the releases to which a replica that is there sends customers.
func routed(pods []corev1.Pod, leases []coordinationv1.Lease) (out []string) {
	reports := reportsOf(leases)
	for i := range pods {
		if active := reports[pods[i].Name].Active; active != "" && PodReady(&pods[i]) && !slices.Contains(out, active) {
			out = append(out, active)
		}
	}
	return out
}

// reportsOf reads the reports by replica. One that cannot be read confirms nothing.
func reportsOf(leases []coordinationv1.Lease) map[string]frontdoor.Report {
	out := map[string]frontdoor.Report{}
	for i := range leases {
		if r, err := frontdoor.ReportFrom(leases[i].Annotations); err == nil {
			out[leases[i].Name] = r
		}
	}
	return out
}
