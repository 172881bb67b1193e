package main

import (
	"testing"
	"time"
)

func TestATokenIsOfACustomerOrOfStaff(t *testing.T) {
	now := time.Unix(1000, 0)
	c, err := parse([]string{"-customer", "anna"}, now)
	if err != nil || c["sub"] != "anna" || c["kind"] != "customer" || c["aud"] != "acme" || c["scope"] != nil || c["exp"] != int64(1300) {
		t.Errorf("%v, %v", c, err)
	}
	c, err = parse([]string{"-staff", "jo", "-scope", "catalog:write", "-for", "1h"}, now)
	if err != nil || c["sub"] != "jo" || c["kind"] != "staff" || c["scope"] != "catalog:write" || c["exp"] != int64(4600) {
		t.Errorf("%v, %v", c, err)
	}
	for _, args := range [][]string{nil, {"-customer", "a", "-staff", "b"}, {"-customer", "a", "b"}, {"-customer", "a", "-for", "0s"}, {"-x"}} {
		if c, err := parse(args, now); err == nil {
			t.Errorf("%v: %v", args, c)
		}
	}
}
