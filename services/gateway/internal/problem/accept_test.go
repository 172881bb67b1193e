package problem

import "testing"

func TestOnlyWhoAsksForAPageGetsOne(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                 false,
		"*/*":              false,
		"application/json": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8": true,
		"text/html":                             true,
		"application/json, text/html;q=0.5":     false,
		"application/json;q=0.5, text/html":     true,
		"text/html;q=0":                         false,
		"nonsense;;, text/html":                 true,
		"application/problem+json;q=1.0, */*;q": false,
	} {
		if got := prefersHTML([]string{accept}); got != want {
			t.Errorf("%q: page = %t, want %t", accept, got, want)
		}
	}
}
