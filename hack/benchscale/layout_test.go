package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestShopsOfOneNamespaceShareNoName(t *testing.T) {
	y, taken := layout{together: true}, map[string]bool{}
	for i := 1; i <= 3; i++ {
		for _, o := range objects(y.place(i), true, time.Minute) {
			if o.GetNamespace() != crowd {
				t.Errorf("%s is in %s", o.GetName(), o.GetNamespace())
			}
			key := fmt.Sprintf("%T %s", o, o.GetName())
			if taken[key] {
				t.Errorf("%s is there twice", key)
			}
			taken[key] = true
		}
	}
}

func TestClonesHaveTheNamesOfTheirSource(t *testing.T) {
	var y layout
	if a, b := y.place(1), y.place(999); a.shop != b.shop || a.service(3) != b.service(3) || len(a.namespace) != len(b.namespace) || a.namespace == b.namespace {
		t.Errorf("%v and %v", a, b)
	}
}

func TestSeveralOperatorsShareAllNamespaces(t *testing.T) {
	var all []string
	for _, share := range shares(7, 2) {
		if len(share) < 3 {
			t.Errorf("one has %v of 7", share)
		}
		all = append(all, share...)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 7 || all[0] != namespace(1) || all[6] != namespace(7) {
		t.Errorf("together they have %v", all)
	}
}
