package invoicing

import (
	"strings"
	"testing"
)

func printout(t testing.TB, d Document) string {
	t.Helper()
	text, err := d.Page()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAPageSaysWhatTheLawWants(t *testing.T) {
	d := billed(t, basket())
	text := printout(t, d)
	for _, want := range []string{
		`<html lang="en">`, "Invoice 2026-000123", "2026-11-27", "10001", "Emporium Sample GmbH", "Musterweg 1", "DE136695976", "Anna Sample", "Main Street 1",
		"Pan", "€33.53", "€6.37", "€39.90", "7 %", "€1.25", "19 %", "€6.90", "€54.18", "€8.15", "€62.33", "Shipping",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

func TestAPageIsInTheLanguageOfTheOrder(t *testing.T) {
	d := billed(t, basket())
	d.Locale = "de-AT"
	c := Credited{Invoice: d}
	note := c.and(t, Wish{All: true, Reason: words(d.Locale).cancelled})
	for text, wants := range map[string][]string{
		printout(t, d):    {`<html lang="de">`, "Rechnung 2026-000123", "USt-IdNr.", "Bezahlt", "62,33"},
		printout(t, note): {"Rechnungskorrektur CN-2026-000001", "Korrigiert Rechnung", "2026-000123 (2026-11-27)", "Bestellung storniert", "Erstattung"},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
	}
}

func TestWhatACustomerWroteIsTextOnThePage(t *testing.T) {
	p := basket()
	p.Address.Name, p.Lines[0].Name = `<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`
	if text := printout(t, billed(t, p)); strings.Contains(text, "<script>") || strings.Contains(text, "<img") {
		t.Error(text)
	}
}
