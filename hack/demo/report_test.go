package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/test/load"
)

func kept() report {
	return report{Services: 4, expected: 4, Result: load.Result{Requests: 100, MixedWindowMillis: 100}, ConfirmMillis: 1000}
}

func TestKeptPromisesAreNoError(t *testing.T) {
	if err := kept().broken(); err != nil {
		t.Error(err)
	}
}

func TestEachBrokenPromiseIsNamed(t *testing.T) {
	for name, spoil := range map[string]func(*report){
		"services":          func(r *report) { r.Services = 3 },
		"requests":          func(r *report) { r.Requests = 0 },
		"failed":            func(r *report) { r.Failed = 1 },
		"mixedRequests":     func(r *report) { r.MixedRequests = 1 },
		"staleAfterConfirm": func(r *report) { r.StaleAfterConfirm = 1 },
		"mixedWindowMillis": func(r *report) { r.MixedWindowMillis = 101 },
		"confirmMillis":     func(r *report) { r.ConfirmMillis = 1001 },
	} {
		r := kept()
		spoil(&r)
		if err := r.broken(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: want it named, got %v", name, err)
		}
	}
}

func TestReportHasTheFieldsThatOthersRead(t *testing.T) {
	data, err := json.Marshal(kept())
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]int
	if err := json.Unmarshal(data, &fields); err != nil || len(fields) != 10 {
		t.Errorf("want ten flat numbers, got %s (%v)", data, err)
	}
}
