package storefront

import "testing"

// What is wrong with a field is said in English before anybody knows the language, with its numbers and names in it.
func TestWhatWasSaidInEnglishIsSaidInGerman(t *testing.T) {
	say := told(german)
	for text, want := range map[string]string{
		"It is too long: at most 1234 characters.":         "Das ist zu lang: höchstens 1.234 Zeichen.",
		"A postcode of Germany looks like 10115.":          "Postleitzahl für Deutschland: zum Beispiel 10115.",
		"Please enter a whole number from 1 to 99.":        "Bitte geben Sie eine ganze Zahl von 1 bis 99 ein.",
		"There are 0 left.":                                "Es sind noch 0 da.",
		"There are 99999999999999999999 left.":             "There are 99999999999999999999 left.",
		"This voucher was used already.":                   "Dieser Gutschein wurde schon eingelöst.",
		"TEN: this voucher was used already.":              "TEN: dieser Gutschein wurde schon eingelöst.",
		"The card has expired. Choose another one.":        "Die Karte ist abgelaufen. Wählen Sie eine andere.",
		"Something that another service says of its own.":  "Something that another service says of its own.",
		"100 % %s %d: nothing that anybody has translated": "100 % %s %d: nothing that anybody has translated",
		"": "",
	} {
		if got := say(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if got := told(english)(text); got != text {
			t.Errorf("in English %q is %q", text, got)
		}
	}
}

// What is wrong is said in German at its field, beside what was typed.
func TestFormsSayInGermanWhatIsWrong(t *testing.T) {
	c := newTill(t)
	c.get(t, "/de/")
	c.post(t, "/cart/items", "sku=LAMP-1&quantity=500").want(t, 422, "Bitte geben Sie eine ganze Zahl von 1 bis 99 ein.", `value="500"`)
	c.post(t, "/checkout", "email=x&country=DE&postcode=1").want(t, 422, "Es gibt ein Problem", "Postleitzahl für Deutschland: zum Beispiel 10115.", "Geben Sie Straße und Hausnummer ein.", ">Österreich</option>")
	c.reviewed(t).want(t, 200, "Zahlungspflichtig bestellen:", "Das bestellen Sie", "Deutschland")
	c.voucher(t, "NONE", "tok_visa").want(t, 422, "Diesen Gutschein kennen wir nicht")
}
