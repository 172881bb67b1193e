package stage

import "testing"

func TestSumWritesAddsEveryKindAndVerb(t *testing.T) {
	got := sumWrites("# TYPE emporium_api_writes_total counter\nemporium_api_writes_total{kind=\"Service\",verb=\"apply\"} 3\nemporium_api_writes_total{kind=\"Deployment\",verb=\"delete\"} 1e+02\nother{a=\"b\"} 7\n")
	if got != 103 {
		t.Errorf("want 103, got %d", got)
	}
}
