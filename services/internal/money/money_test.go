package money

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		amount, currency string
		minor            int64
		err              error
	}{
		"two digits":                    {"12.90", "EUR", 1290, nil},
		"fewer digits mean the same":    {"12.9", "EUR", 1290, nil},
		"whole units":                   {"12", "EUR", 1200, nil},
		"less than nothing":             {"-0.05", "EUR", -5, nil},
		"a currency without change":     {"1290", "JPY", 1290, nil},
		"three digits, where there are": {"1.234", "KWD", 1234, nil},
		"no digit is rounded away":      {"12.905", "EUR", 0, errAmount},
		"yen have no fraction":          {"12.9", "JPY", 0, errAmount},
		"nothing before the point":      {".50", "EUR", 0, errAmount},
		"nothing after it":              {"12.", "EUR", 0, errAmount},
		"no number":                     {"1e3", "EUR", 0, errAmount},
		"two signs":                     {"--1", "EUR", 0, errAmount},
		"more than can be summed":       {"10000000000.01", "EUR", 0, errAmount},
		"more than fits into 64 bits":   {"99999999999999999999", "EUR", 0, errAmount},
		"no such currency":              {"1", "XXZ", 0, errCurrency},
		"codes are written in capitals": {"1", "eur", 0, errCurrency},
	} {
		got, err := Parse(c.amount, c.currency)
		if !errors.Is(err, c.err) || got.Minor() != c.minor {
			t.Errorf("%s: %s %s is %d, %v", name, c.amount, c.currency, got.Minor(), err)
		}
	}
}

func TestMoneyComesBackFromJSONAsItWas(t *testing.T) {
	for want, m := range map[string]Money{
		`{"amount":"12.90","currency":"EUR"}`: New(1290, "EUR"),
		`{"amount":"0.05","currency":"EUR"}`:  New(5, "EUR"),
		`{"amount":"-0.50","currency":"EUR"}`: New(-50, "EUR"),
		`{"amount":"1290","currency":"JPY"}`:  New(1290, "JPY"),
		`{"amount":"0.001","currency":"KWD"}`: New(1, "KWD"),
	} {
		text, err := json.Marshal(m)
		if err != nil || string(text) != want {
			t.Errorf("%v is written as %s, %v; want %s", m, text, err, want)
		}
		var back Money
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
	}
}

func TestANumberIsNoAmount(t *testing.T) {
	var m Money
	if err := json.Unmarshal([]byte(`{"amount":12.90,"currency":"EUR"}`), &m); err == nil {
		t.Errorf("a float was taken as %v", m)
	}
}

func TestSum(t *testing.T) {
	total, err := Sum("EUR", New(1290, "EUR").Times(3), New(1, "EUR"))
	if err != nil || total != New(3871, "EUR") {
		t.Errorf("3 × 12.90 and 0.01 make %v, %v", total, err)
	}
	if none, err := Sum("EUR"); err != nil || none != New(0, "EUR") {
		t.Errorf("nothing makes %v, %v", none, err)
	}
	if wrong, err := Sum("EUR", New(1, "USD")); err == nil {
		t.Errorf("dollars were added to euros: %v", wrong)
	}
}
