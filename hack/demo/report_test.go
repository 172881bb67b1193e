package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/test/load"
)

func kept() report {
	balanced := true
	return report{
		Services: 4, expected: 4, ConfirmMillis: 1000, Result: load.Result{Requests: 100, MixedWindowMillis: 100},
		Verdict: load.Verdict{Orders: 30, OrdersAcross: 10, BooksBalanced: &balanced},
	}
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
		"orders":            func(r *report) { r.Orders = 0 },
		"ordersAcross":      func(r *report) { r.OrdersAcross = 9 },
		"ordersLost":        func(r *report) { r.OrdersLost = 1 },
		"ordersUnasked":     func(r *report) { r.OrdersUnasked = 1 },
		"inDoubt":           func(r *report) { r.InDoubt = 1 },
		"oversold":          func(r *report) { r.Oversold = 1 },
		"chargedTwice":      func(r *report) { r.ChargedTwice = 1 },
		"booksBalanced":     func(r *report) { *r.BooksBalanced = false },
		"confirmMillis":     func(r *report) { r.ConfirmMillis = 1001 },
	} {
		r := kept()
		spoil(&r)
		if err := r.broken(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: want it named, got %v", name, err)
		}
	}
}

func TestAShopWithoutBooksBreaksThePromise(t *testing.T) {
	r := kept()
	r.BooksBalanced = nil
	if err := r.broken(); err == nil || !strings.Contains(err.Error(), "booksBalanced") {
		t.Errorf("want it named, got %v", err)
	}
}

func TestReportHasTheFieldsThatOthersRead(t *testing.T) {
	data, err := json.Marshal(kept())
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil || len(fields) != 20 || fields["booksBalanced"] != true {
		t.Errorf("want 20 flat fields, got %s (%v)", data, err)
	}
	for _, name := range []string{"services", "failed", "mixedRequests", "orders", "ordersAcross", "ordersLost", "oversold", "chargedTwice"} {
		if _, number := fields[name].(float64); !number {
			t.Errorf("%s is %v", name, fields[name])
		}
	}
}

func TestMemoryIsToldBesideItsAimAndIsNoPromise(t *testing.T) {
	r := kept()
	r.MemoryMiB = 5000
	var out strings.Builder
	if r.table(&out); !strings.Contains(out.String(), "memoryMiB                 5000       (aim at rest: <= 572)") {
		t.Errorf("it is missing in\n%s", &out)
	}
	if err := r.broken(); err != nil {
		t.Error(err)
	}
	r.MemoryMiB = 0
	out.Reset()
	if r.table(&out); strings.Contains(out.String(), "memoryMiB") {
		t.Errorf("nobody measured it:\n%s", &out)
	}
}
