package backoffice

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/desk"
)

// reasons are those that inventory takes.
var reasons = []string{"received", "counted", "damaged", "corrected"}

type stockView struct {
	SKU       string
	Stock     *stocked
	Movements []movement
	Form      form
}

func (s *staff) stockPage(w http.ResponseWriter, r *http.Request) {
	s.showStock(w, r, http.StatusOK, strings.TrimSpace(r.URL.Query().Get("sku")), form{})
}

func (s *staff) showStock(w http.ResponseWriter, r *http.Request, code int, sku string, f form) {
	v := stockView{SKU: sku, Form: f}
	if sku != "" {
		now, err := read[stocked](r, s.inventory, "/api/inventory/products/"+url.PathEscape(sku), nil)
		if err == nil {
			v.Stock = &now
			var list listed[movement]
			list, err = read[listed[movement]](r, s.inventory, "/api/inventory/movements", url.Values{"sku": {sku}, "limit": {"25"}})
			v.Movements = list.Items
		}
		if err != nil {
			s.unread(w, r, err)
			return
		}
	}
	s.Show(w, r, code, "stock", desk.View{Title: "Stock", Problem: f.Said != "", SignedIn: true, Body: v})
}

// move books goods in or out.
func (s *staff) move(w http.ResponseWriter, r *http.Request) {
	get, ok := s.Fields(w, r)
	if !ok {
		return
	}
	f := typed("move", func(field string) string { return strings.TrimSpace(get(field)) }, "sku", "quantity", "reason")
	quantity, err := strconv.ParseInt(f.Values["quantity"], 10, 32)
	if err != nil || quantity == 0 || !slices.Contains(reasons, f.Values["reason"]) || f.Values["sku"] == "" {
		f.Said = "Enter how many come in, as 12, or go out, as -3, and why."
		s.showStock(w, r, http.StatusUnprocessableEntity, f.Values["sku"], f)
		return
	}
	err = do(r.Context(), r, s.inventory, "/api/inventory/movements", f.Key, map[string]any{"sku": f.Values["sku"], "quantity": quantity, "reason": f.Values["reason"]})
	if err != nil {
		shown, code, _ := f.refusedAs(err)
		s.showStock(w, r, code, f.Values["sku"], shown)
		return
	}
	http.Redirect(w, r, root+"/stock?"+url.Values{"sku": {f.Values["sku"]}}.Encode(), http.StatusSeeOther)
}
