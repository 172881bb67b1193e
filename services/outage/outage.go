// Package outage says what customers lose while a service is away: of which service each part of a page is, what stands in its place, and how long
// a page waits for it. docs/outages.md is written from it, services/chaos stops services and compares pages with it, and the tests of the storefront
// let services hang.
package outage

import "time"

// Part is something on a page that is there while its service is.
type Part struct {
	// Page is the path; {sku} is any product, {id} an order, and {token} what shows that it is one's own.
	Page string
	// About says for people what it is.
	About string
	// Text is on the page while all is well, Instead while the service is away; empty Instead: nothing stands in its place.
	Text, Instead string
	// Kept is a part that stays as it was last: pages have it in memory.
	Kept bool
	// Fades is for how long at most the page shows the part after its service went, and is without it after the service is back.
	Fades time.Duration
	// Within is how long the page waits for the part at most, also where the service takes the request and never answers. 0: it waits for nothing.
	Within time.Duration
	// Customer says that only who is signed in sees the page.
	Customer bool
	// Whole says that the page is its service's own: 503 with Instead on it, while the service is away.
	Whole bool
}

// Service is one that customers can order without.
type Service struct {
	Name  string
	Parts []Part
	// Else is what is missing beside parts of pages.
	Else string
}

// Need is a service without which nobody orders, and what customers see then.
type Need struct{ Name, Then string }

// How long pages wait for parts: the storefront's partPatience and accountPatience, by its test.
const (
	Visit   = 250 * time.Millisecond
	Account = 2 * time.Second
)

// Optional are the services that cost their parts and nothing else.
var Optional = []Service{
	{Name: "analytics", Else: "Figures for staff. What was sold meanwhile is counted afterwards."},
	{Name: "auth", Else: "Nobody signs in or registers; who is signed in stays so as long as the token is good, and orders as a guest after that.", Parts: []Part{
		{Page: "/account", About: "where one is signed in", Text: "<h2>Where you are signed in</h2>\n<ul", Instead: "<h2>Where you are signed in</h2>\n<p class=\"soft\">This cannot be shown right now.", Within: Account, Customer: true},
	}},
	{Name: "backoffice", Else: "The pages of staff for orders, refunds, stock and prices."},
	{Name: "books", Else: "The comparison of the books, and its page for staff. What happened meanwhile is compared afterwards."},
	{Name: "cms", Else: "Pages of the shop's owner that nobody looked at since the storefront started: 503.", Parts: []Part{
		{Page: "/", About: "links to imprint, terms and so on at the foot of every page", Text: `href="/pages/imprint"`, Kept: true},
		{Page: "/pages/imprint", About: "the page itself, once it was looked at", Text: "<h1>Imprint</h1>", Kept: true, Within: time.Second},
	}},
	{Name: "customers", Else: "The address that is filled in at the checkout; it is typed.", Parts: []Part{
		{Page: "/account", About: "details, address book and newsletter", Text: `action="/account/profile"`, Instead: "Your details cannot be shown right now.", Within: Account, Customer: true},
	}},
	{Name: "invoicing", Else: "Invoices of orders that are paid meanwhile; they are made afterwards.", Parts: []Part{
		{Page: "/account/orders/{id}", About: "invoices of one's order", Text: "Invoice 2", Instead: "They cannot be shown right now.", Within: Account, Customer: true},
	}},
	{Name: "loyalty", Else: "Points and gift cards at the checkout, which says so; an order that asks for none is placed. Points of orders are added afterwards.", Parts: []Part{
		{Page: "/account", About: "how many points one has", Text: "Your points: ", Instead: `<a href="/account/points">Your points</a>`, Within: Account, Customer: true},
		{Page: "/account/points", About: "the page of points", Text: "points to spend", Instead: "We will be right back", Within: Account, Customer: true, Whole: true},
	}},
	{Name: "media", Else: "Pictures that a browser has not loaded yet.", Parts: []Part{
		{Page: "/products/KIT-1001", About: "pictures in sizes, on every page with products; the catalog's drawing stands there", Text: `srcset="/api/media/`, Instead: `src="/api/catalog/products/KIT-1001/image.svg"`, Fades: 8 * time.Second},
	}},
	{Name: "notifications", Else: "Mails; they are sent afterwards, each once."},
	{Name: "recommendations", Parts: []Part{
		{Page: "/products/{sku}", About: "what others also bought", Text: "Others also bought", Within: Visit},
		{Page: "/cart", About: "what others also bought with what is in the cart", Text: "Others also bought", Within: Visit},
	}},
	{Name: "returns", Parts: []Part{
		{Page: "/orders/{id}/returns?token={token}", About: "the pages on which goods are sent back", Text: "<h1>Send something back</h1>", Instead: "We will be right back", Within: Account, Whole: true},
	}},
	{Name: "reviews", Else: "Reviews cannot be written.", Parts: []Part{
		{Page: "/products/{sku}", About: "what customers say, and the stars below the name", Text: "What customers say", Within: Visit},
	}},
	{Name: "search", Parts: []Part{
		{Page: "/search?q=pan", About: "filters and order; the catalog finds what has the words", Text: "<summary>Filters</summary>", Instead: "The search is not answering at the moment", Within: Visit},
		{Page: "/search/suggestions?q=pa", About: "suggestions", Text: `class="suggested"`, Instead: "The search has no suggestions at the moment.", Within: Visit},
	}},
	{Name: "warehouse", Else: "Pick tasks for staff; those of orders that are placed meanwhile are made afterwards."},
	{Name: "wishlists", Else: "What is put on a list at a product: 503.", Parts: []Part{
		{Page: "/account/wishlists", About: "the page of wish lists", Text: "Each product has a button that puts it on one", Instead: "Your wish lists cannot be shown right now", Within: Account, Customer: true, Whole: true},
	}},
}

// Needed are those without which nobody looks at goods, fills a cart and orders.
var Needed = []Need{
	{"cart", "Products are shown without the number in the cart; the cart's page says that the shop will be right back."},
	{"catalog", "Pages of products say that the shop will be right back, with a button to try again."},
	{"checkout", "The cart stays; the step to the order says that the shop will be right back."},
	{"inventory", "Products are shown without what is in stock; nobody orders, because nothing can be put on hold."},
	{"orders", "An order that was placed says so without its page; others cannot be placed."},
	{"payments", "The order is not placed and nothing is charged, or its page says that it is being worked on."},
	{"pricing", "There is no quote, so nobody orders; the prices of products and carts are shown as they were."},
	{"promotions", "There is no quote, with or without a voucher: a discount that somebody was promised is not left out."},
	{"psp-fake", "The payment provider: as without payments."},
	{"shipping", "There is no quote, as nobody guesses what delivery costs; the page of an order has no parcels."},
	{"storefront", "There are no pages; the front door answers for it."},
	{"tax", "There is no quote, as nobody guesses a tax."},
}
