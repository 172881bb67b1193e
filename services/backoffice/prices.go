package backoffice

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/money"
)

type pricesView struct {
	SKU     string
	Entries []entry
	Form    form
}

func (s *staff) pricesPage(w http.ResponseWriter, r *http.Request) {
	s.showPrices(w, r, http.StatusOK, strings.TrimSpace(r.URL.Query().Get("sku")), form{})
}

func (s *staff) showPrices(w http.ResponseWriter, r *http.Request, code int, sku string, f form) {
	v := pricesView{SKU: sku, Form: f}
	if sku != "" {
		list, err := read[listed[entry]](r, s.pricing, "/api/pricing/entries", url.Values{"sku": {sku}, "limit": {"25"}})
		if err != nil {
			s.unread(w, r, err)
			return
		}
		v.Entries = list.Items
	}
	s.Show(w, r, code, "prices", desk.View{Title: "Prices", Problem: f.Said != "", SignedIn: true, Body: v})
}

// enterPrice enters a price from now on; what was valid before stays in the book.
func (s *staff) enterPrice(w http.ResponseWriter, r *http.Request) {
	get, ok := s.Fields(w, r)
	if !ok {
		return
	}
	f := typed("price", func(field string) string { return strings.TrimSpace(get(field)) }, "sku", "amount", "list")
	currency, _, _ := strings.Cut(f.Values["list"], "-") // EUR-AT is a list in EUR
	price, err := money.Parse(strings.Replace(f.Values["amount"], ",", ".", 1), currency)
	if err != nil || price.Minor() <= 0 || f.Values["sku"] == "" {
		f.Said = "Enter what it costs, as 12.90, and the list, as EUR or EUR-AT."
		s.showPrices(w, r, http.StatusUnprocessableEntity, f.Values["sku"], f)
		return
	}
	err = do(r.Context(), r, s.pricing, "/api/pricing/prices", f.Key, map[string]any{"sku": f.Values["sku"], "list": f.Values["list"], "price": price})
	if err != nil {
		shown, code, _ := f.refusedAs(err)
		s.showPrices(w, r, code, f.Values["sku"], shown)
		return
	}
	http.Redirect(w, r, root+"/prices?"+url.Values{"sku": {f.Values["sku"]}}.Encode(), http.StatusSeeOther)
}
