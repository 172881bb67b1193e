package customers

import (
	"slices"
	"testing"
)

func TestWhoMustAnswerIsAListOfNames(t *testing.T) {
	for text, want := range map[string][]string{"": Holders, "b, a,b": {"a", "b"}} {
		if got, err := readHolders(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v (%v)", text, got, err)
		}
	}
	for _, text := range []string{",", "customers", "a,,b"} {
		if got, err := readHolders(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestAProfileIsReplacedAsAWhole(t *testing.T) {
	p, err := Profile{Customer: "c"}.Change(Said{Email: "a@x.example", Name: "Zoe\u0308", Locale: "de-at"})
	if err != nil || p.Name != "Zoë" || p.Locale != "de-AT" || p.Version != 1 {
		t.Errorf("%+v (%v)", p, err)
	}
	if p, err = p.Change(Said{}); err != nil || p.Name != "" || p.Email.Key != "" || p.Version != 2 {
		t.Errorf("%+v (%v)", p, err)
	}
	if _, err := p.Change(Said{Locale: "no tag at all"}); err == nil {
		t.Error("a locale that is none is taken")
	}
}
