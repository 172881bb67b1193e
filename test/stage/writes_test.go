package stage

import "testing"

func TestSumWritesAddsEveryKindAndVerb(t *testing.T) {
	all, reports := sumWrites("# TYPE emporium_api_writes_total counter\nemporium_api_writes_total{kind=\"Service\",verb=\"apply\"} 3\nemporium_api_writes_total{kind=\"Deployment\",verb=\"delete\"} 1e+02\nemporium_api_writes_total{kind=\"Shop\",verb=\"status\"} 4\nother{a=\"b\"} 7\n")
	if all != 107 || reports != 4 {
		t.Errorf("want 107 writes and 4 reports among them, got %d and %d", all, reports)
	}
}
