package figures

import (
	"math"
	"testing"
)

const before = `
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",host="h",method="GET"} 10
rest_client_requests_total{code="200",host="h",method="PATCH"} 5
rest_client_requests_total{code="200",host="h",method="PUT"} 99
# TYPE emporium_api_writes_total counter
emporium_api_writes_total{kind="Deployment",verb="apply"} 2
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5e+07
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
`

const after = `
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",host="h",method="GET"} 12
rest_client_requests_total{code="404",host="h",method="GET"} 1
rest_client_requests_total{code="200",host="h",method="PATCH"} 25
rest_client_requests_total{code="200",host="h",method="PUT"} 199
# TYPE emporium_api_writes_total counter
emporium_api_writes_total{kind="Deployment",verb="apply"} 12
emporium_api_writes_total{kind="Deployment",verb="dry-run"} 10
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 6e+07
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 2.5
# TYPE go_memstats_next_gc_bytes gauge
go_memstats_next_gc_bytes 4e+07
# TYPE controller_runtime_active_workers gauge
controller_runtime_active_workers{controller="shop"} 2
# TYPE workqueue_depth gauge
workqueue_depth{controller="shop",name="shop",priority="0"} 3
workqueue_depth{controller="shop",name="shop",priority="-100"} 4
# TYPE controller_runtime_reconcile_time_seconds histogram
controller_runtime_reconcile_time_seconds_bucket{controller="shop",le="0.01"} 50
controller_runtime_reconcile_time_seconds_bucket{controller="shop",le="0.1"} 90
controller_runtime_reconcile_time_seconds_bucket{controller="shop",le="1"} 100
controller_runtime_reconcile_time_seconds_bucket{controller="shop",le="+Inf"} 100
controller_runtime_reconcile_time_seconds_sum{controller="shop"} 7
controller_runtime_reconcile_time_seconds_count{controller="shop"} 100
`

func TestADifferenceCountsWhatCameSinceWithoutRenewalsOfTheLeadership(t *testing.T) {
	b, err := Read(before)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Read(after)
	if err != nil {
		t.Fatal(err)
	}
	d := a.Since(b)
	if d.AllRequests() != 23 || d.Requests["GET"] != 3 || d.Requests["PUT"] != 0 {
		t.Errorf("requests: %v", d.Requests)
	}
	if d.AllWrites() != 20 || d.Writes["Deployment apply"] != 10 {
		t.Errorf("writes: %v", d.Writes)
	}
	if d.CPU != 1 || d.Resident != 60 || d.Heap != 20 || d.Passes != 100 || d.Due != 9 {
		t.Errorf("%+v", d)
	}
}

func TestTwoOperatorsTogetherDidWhatBothDid(t *testing.T) {
	a, errA := Read(after)
	b, errB := Read(before)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	both := a.Plus(b).Since(b)
	if both.AllRequests() != a.AllRequests() || both.AllWrites() != a.AllWrites() || both.Passes != a.Passes || both.Quantile(0.5) != a.Quantile(0.5) {
		t.Errorf("a + b - b is %+v, want %+v", both, a)
	}
	if sum := a.Plus(b); sum.Resident != 110 || sum.CPU != 4 || sum.Due != 9 {
		t.Errorf("%+v", sum)
	}
}

func TestAQuantileLiesWithinItsBucket(t *testing.T) {
	o, err := Read(after)
	if err != nil {
		t.Fatal(err)
	}
	for share, want := range map[float64]float64{0.5: 0.01, 0.7: 0.055, 0.99: 0.91} {
		if got := o.Quantile(share); math.Abs(got-want) > 1e-9 {
			t.Errorf("%.2f: %.4f s, want %.4f", share, got, want)
		}
	}
	if got := o.Since(o).Quantile(0.99); got != 0 {
		t.Errorf("of no passes: %f", got)
	}
}
