package main

import (
	"context"
	"fmt"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/emporium-shop/emporium/test/stage"
)

// snapshot is what the operator tells of itself.
type snapshot struct {
	requests, writes, megabytes int
	// byKind counts the writes by kind and verb: "Deployment apply".
	byKind map[string]int
}

func (b bench) operator(ctx context.Context) (snapshot, error) {
	pod, err := b.Kubectl(ctx, "-n", stage.System, "get", "pods", "-l", "app.kubernetes.io/name=emporium", "--field-selector=status.phase=Running", "-o", "jsonpath={.items[0].metadata.name}")
	if err != nil {
		return snapshot{}, err
	}
	text, err := b.Kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+stage.System+"/pods/"+strings.TrimSpace(pod)+":8080/proxy/metrics")
	if err != nil {
		return snapshot{}, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		return snapshot{}, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	return read(families), nil
}

// read leaves out PUT: the operator uses it only to renew its leadership.
func read(families map[string]*dto.MetricFamily) snapshot {
	s := snapshot{byKind: map[string]int{}}
	for _, m := range families["rest_client_requests_total"].GetMetric() {
		if label(m, "method") != "PUT" {
			s.requests += int(m.GetCounter().GetValue())
		}
	}
	for _, m := range families["emporium_api_writes_total"].GetMetric() {
		s.writes += int(m.GetCounter().GetValue())
		s.byKind[label(m, "kind")+" "+label(m, "verb")] += int(m.GetCounter().GetValue())
	}
	for _, m := range families["process_resident_memory_bytes"].GetMetric() {
		s.megabytes = int(m.GetGauge().GetValue() / 1e6)
	}
	return s
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
