package money

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
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
		"the most there can be":         {"9999999999999.99", "EUR", Most, nil},
		"no digit is rounded away":      {"12.905", "EUR", 0, ErrAmount},
		"yen have no fraction":          {"80.0", "JPY", 0, ErrAmount},
		"nor two digits of it":          {"80.00", "JPY", 0, ErrAmount},
		"dinars have three":             {"1.2345", "KWD", 0, ErrAmount},
		"nothing before the point":      {".50", "EUR", 0, ErrAmount},
		"nothing after it":              {"12.", "EUR", 0, ErrAmount},
		"no number":                     {"1e3", "EUR", 0, ErrAmount},
		"a plus":                        {"+1", "EUR", 0, ErrAmount},
		"two signs":                     {"--1", "EUR", 0, ErrAmount},
		"a blank":                       {" 1", "EUR", 0, ErrAmount},
		"digits of another script":      {"١٢", "EUR", 0, ErrAmount},
		"nothing":                       {"", "EUR", 0, ErrAmount},
		"more than there can be":        {"10000000000000.00", "EUR", 0, ErrAmount},
		"more than fits into 64 bits":   {"99999999999999999999", "EUR", 0, ErrAmount},
		"no such currency":              {"1", "XXQ", 0, ErrCurrency},
		"codes are written in capitals": {"1", "eur", 0, ErrCurrency},
		"no currency":                   {"1", "", 0, ErrCurrency},
	} {
		got, err := Parse(c.amount, c.currency)
		if !errors.Is(err, c.err) || got.Minor() != c.minor {
			t.Errorf("%s: %s %s is %d, %v", name, c.amount, c.currency, got.Minor(), err)
		}
	}
}

func TestDigitsAreThoseOfISO4217(t *testing.T) {
	for digits, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
		2: "EUR USD HUF TZS MGA UYU",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	} {
		for code := range strings.FieldsSeq(codes) {
			want := strings.TrimSuffix("1."+strings.Repeat("0", digits), ".")
			one, err := Parse("1", code)
			if err != nil || one.Amount() != want {
				t.Errorf("%s has %s, want %s (%v)", code, one.Amount(), want, err)
			}
		}
	}
}

func TestMoneyComesBackFromJSONAsItWas(t *testing.T) {
	for want, m := range map[string]Money{
		`{"amount":"12.90","currency":"EUR"}`: New(1290, "EUR"),
		`{"amount":"0.05","currency":"EUR"}`:  New(5, "EUR"),
		`{"amount":"-0.50","currency":"EUR"}`: New(-50, "EUR"),
		`{"amount":"80","currency":"JPY"}`:    New(80, "JPY"),
		`{"amount":"0.001","currency":"KWD"}`: New(1, "KWD"),
	} {
		text, err := json.Marshal(m)
		if err != nil || string(text) != want {
			t.Errorf("%v is written as %s, %v; want %s", m, text, err, want)
		}
	}
	pattern := regexp.MustCompile(Pattern)
	rapid.Check(t, func(t *rapid.T) {
		m := amounts(rapid.SampledFrom([]string{"EUR", "JPY", "KWD", "CLF"}).Draw(t, "currency")).Draw(t, "m")
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Money
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Fatalf("%s is read as %v, %v", text, back, err)
		}
		if !pattern.MatchString(m.Amount()) {
			t.Fatalf("%s is not what the API's description promises", m.Amount())
		}
	})
}

func TestWhatNobodyCouldReadIsNotWritten(t *testing.T) {
	if text, err := json.Marshal(New(Most+1, "EUR")); !errors.Is(err, ErrOverflow) {
		t.Errorf("wrote %s, %v", text, err)
	}
}

func TestANumberIsNoAmount(t *testing.T) {
	var m Money
	if err := json.Unmarshal([]byte(`{"amount":12.90,"currency":"EUR"}`), &m); err == nil {
		t.Errorf("a float was taken as %v", m)
	}
}

func TestFormatIsThatOfTheLocale(t *testing.T) {
	for name, c := range map[string]struct {
		m            Money
		locale, want string
	}{
		"German":                        {New(1290, "EUR"), "de", "12,90\u00a0€"},
		"German of Austria":             {New(-1290, "EUR"), "de-AT", "-€\u00a012,90"},
		"English":                       {New(1290, "EUR"), "en", "€12.90"},
		"thousands":                     {New(123456789, "EUR"), "de", "1.234.567,89\u00a0€"},
		"a currency without change":     {New(1290, "JPY"), "en", "¥1,290"},
		"a locale that nobody knows":    {New(1290, "EUR"), "tlh", "€12.90"},
		"a currency that nobody knows":  {New(1290, "???"), "de", "12.90 ???"},
		"the most, to the last digit":   {New(Most, "EUR"), "en", "€9,999,999,999,999.99"},
		"three digits":                  {New(1, "KWD"), "en", "KWD\u00a00.001"},
		"less than nothing, in English": {New(-5, "USD"), "en", "-$0.05"},
	} {
		if got := c.m.Format(c.locale); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
