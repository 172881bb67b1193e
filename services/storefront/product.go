// The page of one product, with the form that puts it into the cart.
package storefront

import (
	"context"
	"net/http"
)

type productBody struct {
	Product product
	Related []product
	// Bought is what others bought with it.
	Bought  []product
	Reviews opinions
	Stock   stock
	// Choices are the options of which it is a variant, Group what it is a variant of.
	Choices  []choosing
	Group    group
	Category category
	Buying   buying
	Most     int
	// Note stands beside the price, Delivery is the path of the page about shipping.
	Note, Delivery string
	// Wishes tells whether the visitor has a wish list to put it on.
	Wishes bool
	// Reviewing tells whether customers can say what they think of it.
	Reviewing bool
	// Data is the page as search engines read it.
	Data, Way any
}

// buying is the form as the visitor filled it in, and what is wrong with it.
type buying struct{ Quantity, Wrong string }

func (s *shop) productPage(w http.ResponseWriter, r *http.Request) {
	s.showProduct(w, r, http.StatusOK, r.PathValue("sku"), buying{Quantity: "1"})
}

func (s *shop) showProduct(w http.ResponseWriter, r *http.Request, code int, sku string, form buying) {
	counting := s.counting(r)
	categories := alongside(r.Context(), s.allCategories)
	said := alongside(r.Context(), s.reviews.of(sku))
	bought := alongside(r.Context(), s.bought(sku))
	left := alongside(r.Context(), s.stocks.of(sku))
	p, err := s.catalog.product(r.Context(), sku)
	switch refused := status(err); {
	case refused == http.StatusUnprocessableEntity: // longer than any SKU
		s.fail(w, r, http.StatusNotFound)
		return
	case err != nil:
		s.failed(w, r, err)
		return
	}
	body := productBody{Product: p, Category: named(p.Category, <-categories), Reviews: <-said, Stock: <-left, Buying: form, Note: s.note, Delivery: s.delivery(), Bought: <-bought}
	body.Most, body.Wishes = body.Stock.Most(mostOfOne), s.wishes.api != nil && s.visitor(r).SignedIn
	body.Reviewing = s.reviews.api != nil && s.accounts.there() && reviewable.MatchString(p.SKU)
	body.Group, body.Choices = s.choices(r.Context(), p)
	// Without the related products the page still sells this one.
	if shelf, known := s.shelves.get(r.Context(), p.Category); known {
		body.Related = others(related(p, shelf, relatedShown), body.Bought)
	}
	p.Image = s.photos.path(p.SKU, p.Image)
	body.Data, body.Way = structured(origin(r), p, body), crumbs(origin(r), wayTo(p, body.Category)...)
	s.render(w, r, code, "product", page{
		Title: p.Name, Problem: form.Wrong != "", Count: <-counting, Body: body, Path: p.Path(), About: p.Description, Picture: p.Image,
	})
}

// shelf are the products that related ones are chosen from.
func (c catalog) shelf(ctx context.Context, category string) ([]product, error) {
	list, err := c.products(ctx, listing{Category: category, Limit: relatedFrom})
	return list.Items, err
}
