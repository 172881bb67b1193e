package main

import "testing"

func TestGreeting(t *testing.T) {
	if got := greeting("v1"); got != "hello from v1" {
		t.Errorf("it says %q", got)
	}
}
