package payments

import (
	"strings"
	"testing"
	"time"
)

const (
	c27Secret = "whsec_example_27"
	c27Body   = `{"id":"evt_1","type":"payment.captured","payment":"pay_1","amount":{"amount":"59.90","currency":"EUR"}}`
	c27V1     = "5ac3671c5d6336bdea019c3ad57e795d1b875694442a64e3d1e4ebaa8fe3fef1"
	c27Header = "t=1782907200,v1=" + c27V1
)

func TestC27WebhooksAreTakenFromTheProviderAloneAndOfAboutNow(t *testing.T) {
	if len(c27Body) != 103 {
		t.Fatalf("the body has %d bytes", len(c27Body))
	}
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	spaced := strings.ReplaceAll(c27Body, ":", ": ")
	other := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		header, body string
		now          time.Time
		secrets      []string
		good         bool
	}{
		"at once":                     {c27Header, c27Body, at, []string{c27Secret}, true},
		"at 12:04:59":                 {c27Header, c27Body, at.Add(299 * time.Second), []string{c27Secret}, true},
		"at 12:05:00":                 {c27Header, c27Body, at.Add(300 * time.Second), []string{c27Secret}, true},
		"at 12:05:01":                 {c27Header, c27Body, at.Add(301 * time.Second), []string{c27Secret}, false},
		"at 11:55:00":                 {c27Header, c27Body, at.Add(-300 * time.Second), []string{c27Secret}, true},
		"at 11:54:59":                 {c27Header, c27Body, at.Add(-301 * time.Second), []string{c27Secret}, false},
		"another t":                   {"t=1782907201,v1=" + c27V1, c27Body, at, []string{c27Secret}, false},
		"the body with spaces":        {c27Header, spaced, at, []string{c27Secret}, false},
		"no header":                   {"", c27Body, at, []string{c27Secret}, false},
		"v1=é":                        {"t=1782907200,v1=é", c27Body, at, []string{c27Secret}, false},
		"no v1":                       {"t=1782907200", c27Body, at, []string{c27Secret}, false},
		"no t":                        {"v1=" + c27V1, c27Body, at, []string{c27Secret}, false},
		"a t that is no number":       {"t=now,v1=" + c27V1, c27Body, at, []string{c27Secret}, false},
		"half a v1":                   {"t=1782907200,v1=" + c27V1[:32], c27Body, at, []string{c27Secret}, false},
		"several v1":                  {"t=1782907200,v1=" + other + ",v1=" + c27V1, c27Body, at, []string{c27Secret}, true},
		"the old of two secrets":      {c27Header, c27Body, at, []string{"whsec_new", c27Secret}, true},
		"the new of two secrets":      {c27Header, c27Body, at, []string{c27Secret, "whsec_old"}, true},
		"neither of two":              {c27Header, c27Body, at, []string{"whsec_new", "whsec_old"}, false},
		"no secret":                   {c27Header, c27Body, at, nil, false},
		"an empty secret and its mac": {"t=1782907200,v1=" + emptyMAC, c27Body, at, []string{""}, false},
	} {
		if got := Signed(c.header, []byte(c.body), c.now, c.secrets...); got != c.good {
			t.Errorf("%s: taken %t", name, got)
		}
	}
}

// emptyMAC is what anybody signs with who knows that no secret is set.
const emptyMAC = "c1dc83b6c5b1b6ef6ac3d0dbd5f8ef6a1c04b0d6e8e3bb6a6e5c0ee2a9a6c1f0"
