package idempotency

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// C47: a key is too long to meet by chance or to be guessed; without one it is 400, with a bad one 422.
func TestWhatAKeyMayBe(t *testing.T) {
	for name, c := range map[string]struct {
		caller, value string
		valid         bool
	}{
		"a UUID":                                  {"", "0f8fad5b-d9cb-469f-a165-70867728950e", true},
		"a UUID by time":                          {"", uuid.Must(uuid.NewV7()).String(), true},
		"16 random bytes in base64url":            {"", "x9Zr3mQpLw7TfKd0sVbY1g", true},
		"… with padding":                          {"", "x9Zr3mQpLw7TfKd0sVbY1g==", true},
		"16 random bytes in hex":                  {"", "9f86d081884c7d659a2feaa0c55ad015", true},
		"none":                                    {"", "", false},
		"anonymous and short":                     {"", "1", false},
		"anonymous, 12 bytes in hex":              {"", "9f86d081884c7d659a2feaa0", false},
		"anonymous, 15 bytes":                     {"", "x9Zr3mQpLw7TfKd0sVbY", false},
		"anonymous and no randomness":             {"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
		"anonymous, a UUID of nothing":            {"", "00000000-0000-0000-0000-000000000000", false},
		"anonymous, a UUID by name":               {"", uuid.NewSHA1(uuid.NameSpaceURL, []byte("x")).String(), false},
		"anonymous, words":                        {"", "my-second-order-of-today!", false},
		"a customer's order number":               {"customer/7", "order-2026-11-26-1", true},
		"a saga's step":                           {"service/checkout", "0f8fad5b-d9cb-469f-a165-70867728950e:hold", true},
		"a customer's, short":                     {"customer/7", "order-1", false},
		"a customer's, long":                      {"customer/7", strings.Repeat("a", 256), false},
		"a customer's, with a blank":              {"customer/7", "order 2026-11-26 1", false},
		"a customer's, with what no terminal has": {"customer/7", "order-2026-11-26\x00", false},
		"a customer's, in another script":         {"customer/7", "bestellung-für-ada", false},
	} {
		err := Key{Caller: c.caller, Route: "POST /x", Value: c.value}.Valid()
		refusal := fault.InvalidKind
		if c.value == "" {
			refusal = fault.BadRequestKind
		}
		if (err == nil) != c.valid || (err != nil && !fault.Is(err, refusal)) {
			t.Errorf("%s (%q): %v", name, c.value, err)
		}
	}
}

// C47: the quoted form of the draft means the same key.
func TestTheQuotedFormIsTheSameKey(t *testing.T) {
	for header, want := range map[string]string{`"8e03978e"`: "8e03978e", `8e03978e`: "8e03978e", ` "8e03978e" `: "8e03978e", `"8e03978e`: `"8e03978e`, `""`: "", `"`: `"`, "": ""} {
		if got := ParseKey(header); got != want {
			t.Errorf("%q is %q, want %q", header, got, want)
		}
	}
}

// C47: other spaces and another order of fields are the same body.
func TestBodiesThatMeanTheSame(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"the same":                     {`{"a":1}`, `{"a":1}`, true},
		"other blanks":                 {`{"a":1,"b":[1,2]}`, "{ \"a\" : 1,\n\"b\":[1, 2] }", true},
		"other order of fields":        {`{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"d":3,"c":2},"a":1}`, true},
		"escaped otherwise":            {`"ü<"`, `"\u00fc\u003c"`, true},
		"another value":                {`{"a":1}`, `{"a":2}`, false},
		"a field more":                 {`{"a":1}`, `{"a":1,"b":null}`, false},
		"another order of a list":      {`[1,2]`, `[2,1]`, false},
		"nothing and an empty one":     {``, `{}`, false},
		"nothing and null":             {``, `null`, false},
		"digits that a float loses":    {`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		"no JSON, one byte":            {`a=1`, `a=1 `, false},
		"no JSON":                      {`a=1`, `a=1`, true},
		"JSON and more behind it":      {`{"a":1}`, `{"a":1}{}`, false},
		"text that is the other's sum": {"json\x00{}", `{}`, false},
	} {
		if got := bytes.Equal(fingerprint([]byte(c.a)), fingerprint([]byte(c.b))); got != c.same {
			t.Errorf("%s: %q and %q are the same: %t", name, c.a, c.b, got)
		}
	}
}

func TestKeysAreKeptApart(t *testing.T) {
	parts := rapid.StringMatching(`[a-z/]{0,4}`)
	rapid.Check(t, func(t *rapid.T) {
		a := Key{parts.Draw(t, "a"), parts.Draw(t, "b"), parts.Draw(t, "c")}
		b := Key{parts.Draw(t, "d"), parts.Draw(t, "e"), parts.Draw(t, "f")}
		if (a == b) != (a.lockID("x") == b.lockID("x")) || a.lockID("x") == a.lockID("y") {
			t.Fatalf("%v and %v share a lock, or do not", a, b)
		}
	})
}
