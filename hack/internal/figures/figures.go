// Package figures reads what an operator tells of itself in /metrics: what it asked of the API,
// what it wrote, how long its passes took, its memory and its CPU time.
package figures

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Operator is a reading of an operator's metrics, or the difference of two.
type Operator struct {
	// Requests to the Kubernetes API by method, without the renewals of the leadership (PUT).
	Requests map[string]int `json:"requests"`
	// Writes by kind and verb, as "Deployment apply"; a dry run is one.
	Writes map[string]int `json:"writes"`
	// Passes that ended, Failed those of them that ended with an error.
	Passes int `json:"passes"`
	Failed int `json:"failed"`
	// Due are the shops that are looked at now, or wait for it. A difference keeps the later one.
	Due int `json:"due"`
	// CPU time in seconds.
	CPU float64 `json:"cpuSeconds"`
	// Resident memory, and the heap that is alive, in megabytes. A difference keeps the later ones.
	Resident int `json:"residentMegabytes"`
	Heap     int `json:"heapMegabytes"`

	// durations counts passes by the upper bound of their bucket, in seconds.
	durations map[float64]int
}

// Read reads the text of /metrics.
func Read(text string) (Operator, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return Operator{}, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	o := Operator{Requests: map[string]int{}, Writes: map[string]int{}, durations: map[float64]int{}}
	for _, m := range families["rest_client_requests_total"].GetMetric() {
		if method := label(m, "method"); method != "PUT" {
			o.Requests[method] += int(m.GetCounter().GetValue())
		}
	}
	for _, m := range families["emporium_api_writes_total"].GetMetric() {
		o.Writes[label(m, "kind")+" "+label(m, "verb")] += int(m.GetCounter().GetValue())
	}
	for _, m := range families["controller_runtime_reconcile_time_seconds"].GetMetric() {
		o.Passes += int(m.GetHistogram().GetSampleCount())
		for _, b := range m.GetHistogram().GetBucket() {
			o.durations[b.GetUpperBound()] += int(b.GetCumulativeCount())
		}
	}
	o.Failed = int(sum(families["controller_runtime_reconcile_errors_total"]))
	o.Due = int(sum(families["controller_runtime_active_workers"]) + sum(families["workqueue_depth"]))
	o.CPU = sum(families["process_cpu_seconds_total"])
	o.Resident = int(sum(families["process_resident_memory_bytes"]) / 1e6)
	o.Heap = alive(families)
	return o, nil
}

// alive is the heap after the last collection, which the runtime tells by when the next one is due.
func alive(families map[string]*dto.MetricFamily) int {
	percent := sum(families["go_gc_gogc_percent"])
	if percent <= 0 {
		percent = 100
	}
	return int(sum(families["go_memstats_next_gc_bytes"]) * 100 / (100 + percent) / 1e6)
}

// Since is what came after an earlier reading of the same process.
func (o Operator) Since(before Operator) Operator {
	durations := maps.Clone(o.durations)
	for bound, n := range before.durations {
		durations[bound] -= n
	}
	return Operator{
		Requests: less(o.Requests, before.Requests), Writes: less(o.Writes, before.Writes), durations: durations,
		Passes: o.Passes - before.Passes, Failed: o.Failed - before.Failed, CPU: o.CPU - before.CPU,
		Resident: o.Resident, Heap: o.Heap, Due: o.Due,
	}
}

// Plus is what two processes did together: counts, CPU and memory are added up.
func (o Operator) Plus(other Operator) Operator {
	return Operator{
		Requests: more(o.Requests, other.Requests), Writes: more(o.Writes, other.Writes), durations: more(o.durations, other.durations),
		Passes: o.Passes + other.Passes, Failed: o.Failed + other.Failed, CPU: o.CPU + other.CPU,
		Resident: o.Resident + other.Resident, Heap: o.Heap + other.Heap, Due: o.Due + other.Due,
	}
}

func more[K comparable](a, b map[K]int) map[K]int {
	out := map[K]int{}
	for _, counts := range []map[K]int{a, b} {
		for k, n := range counts {
			out[k] += n
		}
	}
	return out
}

func less(after, before map[string]int) map[string]int {
	out := map[string]int{}
	for k, n := range after {
		if more := n - before[k]; more != 0 {
			out[k] = more
		}
	}
	return out
}

// AllRequests is the sum of Requests.
func (o Operator) AllRequests() int { return Total(o.Requests) }

// AllWrites is the sum of Writes.
func (o Operator) AllWrites() int { return Total(o.Writes) }

// Quantile is the time in seconds within which a share of the passes ended, between the bounds of its bucket.
func (o Operator) Quantile(share float64) float64 {
	if o.Passes == 0 {
		return 0
	}
	want := share * float64(o.Passes)
	low, below := 0.0, 0.0
	for _, bound := range slices.Sorted(maps.Keys(o.durations)) {
		n := float64(o.durations[bound])
		if n >= want && n > below {
			return low + (bound-low)*(want-below)/(n-below)
		}
		low, below = bound, n
	}
	return low
}

func sum(family *dto.MetricFamily) (total float64) {
	for _, m := range family.GetMetric() {
		total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return total
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// Total is the sum of counts.
func Total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
