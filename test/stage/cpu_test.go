package stage

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	labelled = `{"items": [
		{"metadata": {"name": "cart-1", "uid": "u1", "labels": {"shop.emporium.dev/service": "cart", "app.kubernetes.io/component": "service"}}, "spec": {"nodeName": "n1"}},
		{"metadata": {"name": "acme-x", "uid": "u2", "labels": {"app.kubernetes.io/component": "front-door", "app.kubernetes.io/name": "emporium"}}, "spec": {"nodeName": "n1"}},
		{"metadata": {"name": "postgres-0", "uid": "u3", "labels": {"app.kubernetes.io/name": "postgres"}}, "spec": {"nodeName": "n1"}},
		{"metadata": {"name": "bare", "uid": "u4"}, "spec": {"nodeName": "n1"}}]}`
	used = `{"node": {"nodeName": "n1", "cpu": {"time": "2026-11-29T04:00:09Z", "usageCoreNanoSeconds": 90000000000}}, "pods": [
		{"podRef": {"uid": "u1", "namespace": "acme"}, "containers": [
			{"name": "cart", "startTime": "2026-11-29T03:00:00Z", "cpu": {"time": "2026-11-29T04:00:01Z", "usageCoreNanoSeconds": 1000000000}},
			{"name": "beside", "startTime": "2026-11-29T03:00:00Z", "cpu": {"time": "2026-11-29T04:00:02Z", "usageCoreNanoSeconds": 2000000000}}]},
		{"podRef": {"uid": "u2", "namespace": "acme"}, "containers": [{"name": "gateway", "startTime": "2026-11-29T03:00:00Z", "cpu": {}}]},
		{"podRef": {"uid": "u9", "namespace": "kube-system"}, "containers": [{"name": "dns", "startTime": "2026-11-29T03:30:00+01:00", "cpu": {"time": "2026-11-29T04:00:03Z", "usageCoreNanoSeconds": 3000000000}}]}]}`
)

func TestCPUIsThatOfEachContainerAndOfTheNode(t *testing.T) {
	var look CPULook
	if err := look.add(listOf(t, labelled), []byte(used)); err != nil {
		t.Fatal(err)
	}
	at := func(second int) time.Time { return time.Date(2026, 11, 29, 4, 0, second, 0, time.UTC) }
	want := CPULook{
		Nodes: []CPUUsed{{"n1", "n1", at(9), 90 * time.Second}},
		Containers: []CPUUsed{ // the front door is not measured yet: 0 would be a large step later
			{"cart", "u1/cart/2026-11-29T03:00:00Z", at(1), time.Second},
			{"cart", "u1/beside/2026-11-29T03:00:00Z", at(2), 2 * time.Second},
			{"kube-system", "u9/dns/2026-11-29T02:30:00Z", at(3), 3 * time.Second},
		},
	}
	if diff := cmp.Diff(want, look); diff != "" {
		t.Error(diff)
	}
	if err := look.add(podList{}, []byte("<html>")); err == nil {
		t.Error("what is no summary is one")
	}
}

func TestAPodIsCountedForItsService(t *testing.T) {
	pods := listOf(t, labelled)
	for uid, want := range map[string]string{"u1": "cart", "u2": "front-door", "u3": "postgres", "u4": "bare", "u9": ""} {
		if got := pods.serviceOf(uid); got != want {
			t.Errorf("%s is of %q, want %q", uid, got, want)
		}
	}
}

func TestCoresAreThoseOfAllNodes(t *testing.T) {
	sum, err := coresOf([]byte(`{"items": [{"status": {"capacity": {"cpu": "2"}}}, {"status": {"capacity": {"cpu": "4"}}}]}`))
	if err != nil || sum != 6 {
		t.Errorf("%d, %v", sum, err)
	}
	if _, err := coresOf([]byte(`{"items": [{"status": {"capacity": {"cpu": "many"}}}]}`)); err == nil {
		t.Error("what is no number is one")
	}
}
