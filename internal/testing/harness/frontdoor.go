package harness

import (
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// frontDoor plays the replicas of the gateway: each follows the table in its own time, keeps
// the last one that it could read, and says in its Lease by which one it routes.
type frontDoor struct{ held map[types.UID]*replica }

type replica struct {
	data    string
	table   frontdoor.Table
	applied time.Time // since when it routes by the table's switch
	saw     bool      // it routed by another one before
	next    string    // what it is about to take up, and when
	at      time.Time
}

func (f *frontDoor) hasTable(pod types.UID) bool { return f.held[pod] != nil && f.held[pod].data != "" }

func (f *frontDoor) step(w *World) (next time.Time) {
	n := 0
	for _, o := range w.Store.All("Pod") {
		pod := o.(*corev1.Pod)
		if !isFrontDoor(pod) || !pod.DeletionTimestamp.IsZero() {
			continue
		}
		if f.held[pod.UID] == nil {
			f.held[pod.UID] = &replica{}
		}
		n++
		if !mayRead(w, pod) {
			continue
		}
		next = earlier(next, f.follow(w, pod, f.held[pod.UID], time.Duration(n)*w.ConfirmAfter))
		f.tell(w, pod, f.held[pod.UID])
		if r := f.held[pod.UID]; r.counts(w.replicaClock()) && w.replicaClock().Before(r.applied.Add(countedAfter)) {
			next = earlier(next, r.applied.Add(countedAfter-w.Skew.Replicas))
		}
	}
	return next
}

// mayRead: the API server lets the replica read and write with its account, role and binding.
func mayRead(w *World, pod *corev1.Pod) bool {
	account := pod.Spec.ServiceAccountName
	role, _ := w.Store.Get("Role", pod.Namespace, account).(*rbacv1.Role)
	binding, _ := w.Store.Get("RoleBinding", pod.Namespace, account).(*rbacv1.RoleBinding)
	return w.Store.Get("ServiceAccount", pod.Namespace, account) != nil && role != nil && len(role.Rules) > 0 &&
		binding != nil && binding.RoleRef.Name == role.Name &&
		slices.ContainsFunc(binding.Subjects, func(s rbacv1.Subject) bool { return s.Name == account })
}

func (f *frontDoor) follow(w *World, pod *corev1.Pod, r *replica, after time.Duration) time.Time {
	cm, _ := w.Store.Get("ConfigMap", pod.Namespace, frontdoor.TableName(Shop)).(*corev1.ConfigMap)
	if cm == nil || cm.Data[frontdoor.TableKey] == r.data {
		return time.Time{}
	}
	data := cm.Data[frontdoor.TableKey]
	if data != r.next {
		r.next, r.at = data, w.Now.Add(after)
	}
	if w.Now.Before(r.at) {
		return r.at
	}
	table, err := frontdoor.Decode(data)
	if err != nil {
		return time.Time{} // it keeps what it has
	}
	if s := table.Switch; s != nil && (r.table.Switch == nil || !r.table.Switch.At.Equal(s.At)) {
		r.applied, r.saw = w.replicaClock(), r.data != ""
	}
	r.data, r.table = data, table
	return time.Time{}
}

// counts tells whether the guard's window is open on the replica's own clock: it begins when the
// replica takes the switch over, unless it was long over before the replica began (services/gateway/internal/watch/record.go).
func (r *replica) counts(now time.Time) bool {
	s, g := r.table.Switch, r.table.Guard
	if s == nil || g == nil {
		return false
	}
	length := g.Until.Sub(s.At)
	return (r.saw || !r.applied.After(g.Until.Add(length))) && now.Before(r.applied.Add(length))
}

// tell writes the replica's Lease where it says something new.
func (f *frontDoor) tell(w *World, pod *corev1.Pod, r *replica) {
	if r.data == "" {
		return
	}
	report := frontdoor.Report{TableHash: frontdoor.Hash(r.data), Active: r.table.Active, AppliedAt: r.applied}
	if r.table.Switch != nil {
		report.Switch = r.table.Switch.At
	}
	if r.counts(w.replicaClock()) {
		report.Counts = w.counts(r.table.Active, w.replicaClock().Sub(r.applied))
	}
	as := cluster.As{Store: w.Store, Who: "front-door"}
	lease, _ := w.Store.Get("Lease", pod.Namespace, pod.Name).(*coordinationv1.Lease)
	if lease == nil {
		as.Create(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
			Name: pod.Name, Namespace: pod.Namespace, Annotations: report.Annotations(),
			Labels: map[string]string{
				frontdoor.LabelShop: Shop, frontdoor.LabelComponent: frontdoor.ComponentFrontDoor, "app.kubernetes.io/managed-by": "emporium",
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}},
		}})
		return
	}
	as.Report(lease, func(o client.Object) {
		if o.GetAnnotations() == nil {
			o.SetAnnotations(map[string]string{})
		}
		for k, v := range report.Annotations() {
			o.GetAnnotations()[k] = v
		}
	})
}

// countedAfter is how long a replica counts before there is something to judge.
const countedAfter = time.Second

// counts are what a replica counted of a release: hundred requests.
func (w *World) counts(release string, since time.Duration) *frontdoor.Counts {
	if since < countedAfter {
		return &frontdoor.Counts{}
	}
	errors := int64(0)
	if rel, _ := w.Store.Get("ShopRelease", Namespace, release).(*v1alpha1.ShopRelease); rel != nil {
		for _, s := range rel.Spec.Services {
			errors = max(errors, w.Errors[s.Image])
		}
	}
	return &frontdoor.Counts{Requests: 100, Errors: errors}
}

// Outage says why a customer would not be served now; "": every one is.
func (w *World) Outage() string {
	why, _ := w.outage()
	return why
}

// outage also tells whether nobody is served, or only who comes to some replicas.
func (w *World) outage() (why string, nobody bool) {
	public, _ := w.Store.Get("Service", Namespace, Shop).(*corev1.Service)
	if public == nil {
		return "the front door's Service is not there", true
	}
	serving := 0
	for _, o := range w.Store.All("Pod") {
		pod := o.(*corev1.Pod)
		if !isReady(pod) || !matches(public.Spec.Selector, pod.Labels) {
			continue
		}
		held := w.front.held[pod.UID]
		if held == nil || !isFrontDoor(pod) {
			why = fmt.Sprintf("pod %s gets customers and is no gateway", pod.Name)
			continue
		}
		if fails := w.misroutes(held.table); fails != "" {
			why = fmt.Sprintf("replica %s: %s", pod.Name, fails)
			continue
		}
		serving++
	}
	if serving == 0 && why == "" {
		why = "no replica of the front door is ready"
	}
	return why, serving == 0
}

func (w *World) misroutes(t frontdoor.Table) string {
	rel, ok := t.Release(t.Active)
	if t.Active == "" || !ok {
		return "it answers 503, since its table names no release"
	}
	for _, route := range rel.Routes {
		s, _ := w.Store.Get("Service", Namespace, route.Upstream).(*corev1.Service)
		if s == nil {
			return fmt.Sprintf("%s goes to Service %s, which is not there", route.Path, route.Upstream)
		}
		if len(w.endpoints(s)) == 0 {
			return fmt.Sprintf("%s goes to Service %s, which has no ready pod", route.Path, route.Upstream)
		}
	}
	return ""
}

func (w *World) endpoints(s *corev1.Service) (out []*corev1.Pod) {
	for _, o := range w.Store.All("Pod") {
		if pod := o.(*corev1.Pod); isReady(pod) && matches(s.Spec.Selector, pod.Labels) {
			out = append(out, pod)
		}
	}
	return out
}

func matches(selector, labels map[string]string) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

// routed are the releases that a ready replica sends customers to.
func (w *World) routed() map[string]bool {
	out := map[string]bool{}
	for _, o := range w.Store.All("Pod") {
		if pod := o.(*corev1.Pod); isFrontDoor(pod) && isReady(pod) && w.front.held[pod.UID] != nil {
			out[w.front.held[pod.UID].table.Active] = true
		}
	}
	delete(out, "")
	return out
}
