package stage

import "testing"

func TestForwardedAddress(t *testing.T) {
	for line, want := range map[string]string{
		"Forwarding from 127.0.0.1:40123 -> 8080\n": "http://127.0.0.1:40123",
		"Forwarding from [::1]:40123 -> 8080\n":     "http://[::1]:40123",
		"error: unable to forward port\n":           "",
	} {
		if got, said := forwarded(line); said != (want != "") || (said && got != want) {
			t.Errorf("%q: got %q, %t", line, got, said)
		}
	}
}

func TestNamesWithinTheClusterAreNotReachedFromOutside(t *testing.T) {
	for address, want := range map[string]bool{
		"http://acme.acme.svc": false, "http://acme.acme.svc:8080": false, "": false,
		"http://203.0.113.7": true, "http://shop.example:8080": true,
	} {
		if got := outside(address); got != want {
			t.Errorf("%q: got %t", address, got)
		}
	}
}
