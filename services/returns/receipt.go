package returns

import (
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/calendar"
)

// receiptWords are those of a receipt in one language: title, order, when it arrived, what comes next.
type receiptWords struct{ title, order, arrived, next, layout string }

var inEnglish = receiptWords{
	"Receipt of your withdrawal", "Order %s: you withdraw from the contract for", "Your withdrawal arrived here on %s.",
	"Send the goods back within 14 days. The money goes back the way it came, at the latest 14 days after this receipt; it may wait until the goods have arrived.",
	"2 January 2006, 15:04:05 MST",
}

var inGerman = receiptWords{
	"Eingangsbestätigung Ihres Widerrufs", "Bestellung %s: Sie widerrufen den Vertrag über", "Ihr Widerruf ist hier eingegangen am %s.",
	"Bitte senden Sie die Ware binnen 14 Tagen zurück. Das Geld kommt auf dem Weg zurück, auf dem Sie gezahlt haben, spätestens 14 Tage nach dieser Bestätigung; bis die Ware hier ist, dürfen wir damit warten.",
	"02.01.2006, 15:04:05 MST",
}

// Receipt is what the customer keeps of a withdrawal: its content, and date and time of its arrival (Directive 2011/83/EU Art. 11a(4)).
// The customer's reason is not in it: nobody has to give one, and a receipt is never changed, not even when the customer is erased.
func (r Return) Receipt(o Order, zone *time.Location) string {
	w := inEnglish
	if strings.HasPrefix(o.Locale, "de") {
		w = inGerman
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n"+w.order+"\n", w.title, o.Number)
	for _, i := range r.Items {
		fmt.Fprintf(&b, "  %d × %s (%s)\n", i.Quantity, i.Name, i.SKU)
	}
	if r.ConfirmedAt != nil {
		fmt.Fprintf(&b, "\n"+w.arrived+"\n", r.ConfirmedAt.In(zone).Format(w.layout))
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n", w.next, r.ID)
	return b.String()
}

// zoneOf is the zone of the shop's calendar.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		name = calendar.Default
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("reading the shop's time zone: %w", err)
	}
	return zone, nil
}
