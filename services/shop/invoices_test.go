package shop

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// paper is an invoice or a credit note as a list shows it.
type paper struct {
	ID, Kind, Number string
	Total            struct{ Amount string }
}

// papers are the invoice and the credit notes of an order, as whoever has its token sees them.
func papers(t *testing.T, at string) []paper {
	t.Helper()
	res, text := ask(t, "GET", at, "")
	if res.StatusCode == http.StatusNotFound {
		return nil // not yet
	}
	var list struct{ Items []paper }
	if err := json.Unmarshal([]byte(text), &list); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", at, res.StatusCode, text)
	}
	return list.Items
}

// In the whole shop: who buys gets an invoice of what was paid, and who cancels gets one credit note of it, though money goes back as well.
func TestAnOrderThatIsPaidHasAnInvoiceAndCancelledACreditNote(t *testing.T) {
	s := begin(t, Options{})
	b := visit(t, s).fills("KIT-1001", 2, "ann@example.org").pays("tok_visa").wants(200, "Thank you")
	order, token := strings.TrimPrefix(b.at.Path, "/orders/"), b.at.Query().Get("token")
	at := s.URL() + "/api/invoicing/orders/" + order + "?token=" + token
	eventually(t, "the invoice is issued", func() bool { return len(papers(t, at)) == 1 })
	invoice := papers(t, at)[0]
	if invoice.Kind != "invoice" || !strings.Contains(b.body, invoice.Total.Amount) {
		t.Errorf("the invoice is %+v, the order %s", invoice, b.body)
	}
	for form, want := range map[string]string{"": invoice.Number, "/ubl": "<cbc:TaxInclusiveAmount currencyID=\"EUR\">" + invoice.Total.Amount + "<", "/page": "1 Market Street"} {
		if res, text := ask(t, "GET", s.URL()+"/api/invoicing/documents/"+invoice.ID+form+"?token="+token, ""); res.StatusCode != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%q: %d %s", form, res.StatusCode, text)
		}
	}
	res, text := ask(t, "POST", s.URL()+"/api/orders/"+order+"/cancellations?token="+token, "", "Idempotency-Key", uuid.NewString())
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("cancelling: %d %s", res.StatusCode, text)
	}
	eventually(t, "the money is back", func() bool { return len(mailsTo(t, s, "ann@example.org", "refunded").Items) == 1 })
	eventually(t, "it is credited", func() bool { return len(papers(t, at)) == 2 })
	if all := papers(t, at); all[1].Kind != "credit-note" || all[1].Total != invoice.Total {
		t.Errorf("%+v", all)
	}
}
