package observe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// replica is one pod of the front door and what its Lease holds.
type replica struct {
	name      string
	isUnready bool
	silent    bool
	report    frontdoor.Report
	garbage   bool
}

func doors(replicas ...replica) (pods []corev1.Pod, leases []coordinationv1.Lease) {
	for _, r := range replicas {
		status := corev1.ConditionTrue
		if r.isUnready {
			status = corev1.ConditionFalse
		}
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: r.name}}
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
		pods = append(pods, p)
		lease := coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: r.name, Annotations: r.report.Annotations()}}
		if r.garbage {
			lease.Annotations[frontdoor.AnnotationCounts] = "many"
		}
		if !r.silent {
			leases = append(leases, lease)
		}
	}
	return pods, leases
}

func TestASwitchIsConfirmedWhenEveryReadyReplicaRoutesByIt(t *testing.T) {
	last := &frontdoor.Switch{At: later, From: a}
	by := func(at, applied time.Time, requests int64) frontdoor.Report {
		return frontdoor.Report{TableHash: "new", Active: b, Switch: at, AppliedAt: applied, Counts: &frontdoor.Counts{Requests: requests}}
	}
	for name, c := range map[string]struct {
		replicas []replica
		last     *frontdoor.Switch
		want     plan.FrontDoor
	}{
		"no replica": {nil, last, plan.FrontDoor{}},
		"all three confirm: the last one's time counts, and all their counts": {
			[]replica{{name: "1", report: by(later, later.Add(3), 10)}, {name: "2", report: by(later, later.Add(9), 20)}, {name: "3", report: by(later, later.Add(5), 30)}}, last,
			plan.FrontDoor{Ready: 3, Confirmed: 3, Current: 3, ConfirmedAt: later.Add(9), Counts: frontdoor.Counts{Requests: 60}}},
		"two of three confirm": {
			[]replica{{name: "1", report: by(later, later, 10)}, {name: "2", report: by(epoch, later, 500)}, {name: "3", report: by(later, later, 10)}}, last,
			plan.FrontDoor{Ready: 3, Confirmed: 2, Current: 3, ConfirmedAt: later, Counts: frontdoor.Counts{Requests: 20}, Unconfirmed: []string{"2"}}},
		"one that does not report is named, in the order of names": {
			[]replica{{name: "3", silent: true}, {name: "1", silent: true}, {name: "2", report: by(later, later, 1)}}, last,
			plan.FrontDoor{Ready: 3, Confirmed: 1, Current: 1, ConfirmedAt: later, Counts: frontdoor.Counts{Requests: 1}, Unconfirmed: []string{"1", "3"}}},
		"one whose report cannot be read confirms nothing": {
			[]replica{{name: "1", report: by(later, later, 1), garbage: true}}, last, plan.FrontDoor{Ready: 1, Unconfirmed: []string{"1"}}},
		"one that is not ready is not waited for, and its counts are left out": {
			[]replica{{name: "1", report: by(later, later, 1)}, {name: "2", isUnready: true, report: by(later, later, 1)}, {name: "3", isUnready: true, silent: true}}, last,
			plan.FrontDoor{Ready: 1, Confirmed: 1, Current: 1, ConfirmedAt: later, Counts: frontdoor.Counts{Requests: 1}}},
		"a Lease of a replica that is gone confirms nothing": {
			[]replica{{name: "1", silent: true}}, last, plan.FrontDoor{Ready: 1, Unconfirmed: []string{"1"}}},
		"before the first switch nothing is confirmed": {
			[]replica{{name: "1", report: by(time.Time{}, time.Time{}, 0)}}, nil, plan.FrontDoor{Ready: 1, Current: 1, Unconfirmed: []string{"1"}}},
		"a switch that is newer than the table is none of its": {
			[]replica{{name: "1", report: by(later.Add(time.Second), later, 1)}}, last, plan.FrontDoor{Ready: 1, Current: 1, Unconfirmed: []string{"1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			pods, leases := doors(c.replicas...)
			if diff := cmp.Diff(c.want, confirmation(pods, leases, c.last, "new")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOneThatStillHasTheOldTableIsNotCurrent(t *testing.T) {
	pods, leases := doors(
		replica{name: "1", report: frontdoor.Report{TableHash: "new", Switch: later}}, replica{name: "2", report: frontdoor.Report{TableHash: "old", Switch: later}})
	if got := confirmation(pods, leases, &frontdoor.Switch{At: later}, "new"); got.Current != 1 || got.Confirmed != 2 {
		t.Errorf("%d current, %d confirmed; want 1 and 2: a preview needs the whole table, a switch only itself", got.Current, got.Confirmed)
	}
}

func TestWhyTheFrontDoorDoesNotStartIsToldOfItsFirstPod(t *testing.T) {
	pods, _ := doors(replica{name: "2", isUnready: true}, replica{name: "1", isUnready: true}, replica{name: "0"})
	pods[0].Status.ContainerStatuses = []corev1.ContainerStatus{waits("CrashLoopBackOff")}
	pods[1].Status.ContainerStatuses = []corev1.ContainerStatus{waits("ImagePullBackOff")}
	if got := confirmation(pods, nil, nil, "").Trouble; got != "1 (ImagePullBackOff)" {
		t.Errorf("got %q", got)
	}
}

func TestWhereReplicasSendCustomers(t *testing.T) {
	to := func(active string) frontdoor.Report { return frontdoor.Report{Active: active} }
	pods, leases := doors(
		replica{name: "1", report: to(a)}, replica{name: "2", report: to(b)}, replica{name: "3", report: to(a)},
		replica{name: "4", report: to("")}, replica{name: "5", report: to(c), isUnready: true}, replica{name: "6", silent: true},
		replica{name: "7", report: to(c), garbage: true})
	leases = append(leases, coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "gone", Annotations: to(c).Annotations()}})
	if diff := cmp.Diff([]string{a, b}, routed(pods, leases)); diff != "" {
		t.Errorf("each release once, and only of replicas that are ready (-want +got):\n%s", diff)
	}
}

func TestWhatWasSeenConfirmedOnceStaysConfirmed(t *testing.T) {
	at := later.Add(1234567 * time.Nanosecond)
	confirmed := metav1.NewMicroTime(later)
	record := func(change func(*v1alpha1.SwitchRecord)) *v1alpha1.SwitchRecord {
		out := &v1alpha1.SwitchRecord{To: b, WrittenAt: metav1.NewMicroTime(at.Truncate(time.Microsecond)), ConfirmedAt: &confirmed}
		change(out)
		return out
	}
	for name, c := range map[string]struct {
		record *v1alpha1.SwitchRecord
		last   *frontdoor.Switch
		want   bool
	}{
		"the status says so of this switch":     {record(func(*v1alpha1.SwitchRecord) {}), &frontdoor.Switch{At: at}, true},
		"it says that it waits":                 {record(func(r *v1alpha1.SwitchRecord) { r.ConfirmedAt = nil }), &frontdoor.Switch{At: at}, false},
		"it is of an earlier switch":            {record(func(r *v1alpha1.SwitchRecord) { r.WrittenAt = metav1.NewMicroTime(epoch) }), &frontdoor.Switch{At: at}, false},
		"it is of a switch to another release":  {record(func(r *v1alpha1.SwitchRecord) { r.To = a }), &frontdoor.Switch{At: at}, false},
		"there is no status yet":                {nil, &frontdoor.Switch{At: at}, false},
		"the table tells of no switch any more": {record(func(*v1alpha1.SwitchRecord) {}), nil, false},
	} {
		w := &World{Shop: acme()}
		w.Shop.Status.LastSwitch = c.record
		w.Observed.Table = frontdoor.Table{Active: b, Switch: c.last}
		if got := w.confirmedBefore(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
