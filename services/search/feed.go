package search

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/prices"
)

// takes are the events that the index follows.
var takes = []events.Type{events.ProductChanged, events.ProductRemoved, events.PriceChanged, events.StockChanged, events.ReviewPublished, events.ReviewRemoved}

const (
	// perList is how many things one question for a list asks for: the most that there may be.
	perList = 100
	// mostPages bounds a walk through a list.
	mostPages = mostProducts / perList
	// anew is after how long everything is asked for again, for what no event told of.
	anew = time.Minute
	// again is how soon after an event of an unknown product.
	again = 2 * time.Second
	// overlap is how far back events are taken that the lists may not have had yet: a service that copies them may lag.
	overlap = 15 * time.Minute
)

// feed keeps the goods current: by lists at the start and now and then, by events in between. Each replica has its own, since each
// has an index of its own.
type feed struct {
	goods              *goods
	catalog            *client.Client
	inventory, reviews *client.Client // nil where the shop has none
	bus                func() (events.Bus, error)
	currency           string
	now                func() time.Time
	poked              chan struct{}
	// warmed is closed with the first load, which readiness waits for; began is when that began.
	warmed chan struct{}
	began  time.Time
}

// listed is what is read of a product in catalog's list.
type listed struct {
	SKU         string      `json:"sku"`
	Slug        string      `json:"slug"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Category    string      `json:"category"`
	Brand       string      `json:"brand"`
	Price       money.Money `json:"price"`
	Image       string      `json:"image"`
	GTIN        string      `json:"gtin,omitempty"`
	Variant     *variant    `json:"variant,omitempty"`
}

// variant is what a product is among those of its group.
type variant struct {
	Options map[string]string `json:"options"`
}

// attributes are what tells a product from the others of its group; nil where it is of none.
func (p listed) attributes() map[string]string {
	if p.Variant == nil {
		return nil
	}
	return p.Variant.Options
}

type pageOf[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

type stocked struct {
	SKU       string `json:"sku"`
	Available *int64 `json:"available"`
	Unlimited bool   `json:"unlimited,omitempty"`
}

type stockList struct {
	Items []stocked `json:"items"`
}

type reviewed struct {
	SKU   string `json:"sku"`
	Stars int64  `json:"stars"`
}

// walk reads a list to its end.
func walk[T any](ctx context.Context, c *client.Client, path string) (all []T, err error) {
	cursor := ""
	for range mostPages {
		query := url.Values{"limit": {strconv.Itoa(perList)}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		p, _, err := client.Call[pageOf[T]](ctx, c, client.Request{Path: path, Query: query})
		if err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if p.Next == "" || p.Next == cursor {
			break
		}
		cursor = p.Next
	}
	return all, nil
}

// load asks for all that there is. The catalog must answer; without stock and stars the index says nothing of them.
func (f *feed) load(ctx context.Context) error {
	l := list{began: f.now()}
	found, err := walk[listed](ctx, f.catalog, "/api/catalog/products")
	if err != nil {
		return err
	}
	for _, p := range found {
		l.products = append(l.products, Product{
			SKU: p.SKU, Slug: p.Slug, Name: p.Name, Description: p.Description, Category: p.Category, Brand: p.Brand, Image: p.Image,
			Price: p.Price, Available: Unknown, GTIN: p.GTIN, Attributes: p.attributes(),
		})
	}
	if l.stock, err = f.stock(ctx, l.products); err != nil {
		slog.WarnContext(ctx, "listing products without their stock", "error", err)
	}
	if l.reviews, err = f.opinions(ctx); err != nil {
		slog.WarnContext(ctx, "listing products without their stars", "error", err)
	}
	if err := f.goods.load(l); err != nil {
		return err
	}
	f.began = l.began // run and warm alone load, one after the other
	return nil
}

func (f *feed) stock(ctx context.Context, all []Product) (map[string]int64, error) {
	if f.inventory == nil {
		return nil, nil
	}
	stock := map[string]int64{}
	for len(all) > 0 {
		some := all[:min(len(all), perList)]
		all = all[len(some):]
		skus := make([]string, len(some))
		for n, p := range some {
			skus[n] = p.SKU
		}
		query := url.Values{"skus": {strings.Join(skus, ",")}}
		p, _, err := client.Call[stockList](ctx, f.inventory, client.Request{Path: "/api/inventory/stock", Query: query})
		if err != nil {
			return nil, err
		}
		for _, s := range p.Items {
			switch {
			case s.Unlimited:
				stock[s.SKU] = Unknown
			case s.Available != nil:
				stock[s.SKU] = max(0, *s.Available)
			}
		}
	}
	return stock, nil
}

func (f *feed) opinions(ctx context.Context) (map[string]opinion, error) {
	if f.reviews == nil {
		return nil, nil
	}
	all, err := walk[reviewed](ctx, f.reviews, "/api/reviews")
	if err != nil {
		return nil, err
	}
	of := map[string]opinion{}
	for _, r := range all {
		o := of[r.SKU]
		of[r.SKU] = opinion{o.Reviews + 1, o.Stars + r.Stars}
	}
	return of, nil
}

// run keeps the goods current until ctx ends. When NATS breaks away it ends, is called again, and asks for everything anew.
func (f *feed) run(ctx context.Context) error {
	select {
	case <-f.warmed:
	case <-ctx.Done():
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if f.bus != nil {
		since := f.began.Add(-overlap)
		var followed sync.WaitGroup
		defer followed.Wait()
		followed.Go(func() { cancel(f.follow(ctx, since)) })
		defer cancel(nil) // before the wait
	}
	for {
		if f.now().Sub(f.began) > again { // not at once after the first load
			if err := f.load(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		wait := time.NewTimer(anew)
		select {
		case <-ctx.Done():
			wait.Stop()
			return ended(ctx)
		case <-f.poked:
			wait.Reset(again) // of several new products the last one may be in the list as well
			select {
			case <-wait.C:
			case <-ctx.Done():
			}
		case <-wait.C:
		}
		wait.Stop()
	}
}

// ended is why a feed ends: nil when it was told to.
func ended(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// warm loads for the first time.
func (f *feed) warm(ctx context.Context) error {
	if err := f.load(ctx); err != nil {
		return err
	}
	close(f.warmed)
	return nil
}

func (f *feed) follow(ctx context.Context, since time.Time) error {
	bus, err := f.bus()
	if err != nil {
		return err
	}
	return bus.Follow(ctx, takes, since, f.take)
}

func (f *feed) poke() {
	select {
	case f.poked <- struct{}{}:
	default: // it is on the way already
	}
}

// The data of events, as far as it is read. Data that cannot be read is left out: the next list makes up for it.
type changedData struct {
	SKU         string            `json:"sku"`
	Version     int64             `json:"version"`
	Slug        string            `json:"slug"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Category    string            `json:"category"`
	Brand       string            `json:"brand"`
	GTIN        string            `json:"gtin,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"`
}

type removedData struct {
	SKU     string `json:"sku"`
	Version int64  `json:"version"`
}

type stockData struct {
	SKU       string    `json:"sku"`
	Available int64     `json:"available"`
	At        time.Time `json:"at"`
}

type spokenData struct {
	SKU string `json:"sku"`
}

// take is the effect of an event. It may come twice and be older than what is known: each says itself how new it is.
func (f *feed) take(ctx context.Context, e events.Event) error {
	err := f.effect(ctx, e)
	if err != nil {
		events.Parked.WithLabelValues(string(e.Type)).Inc()
		slog.WarnContext(ctx, "leaving out an event, the next list makes up for it", "type", e.Type, "id", e.ID, "error", err)
		f.poke()
		return nil
	}
	events.Taken.WithLabelValues(string(e.Type)).Inc()
	return nil
}

func (f *feed) effect(ctx context.Context, e events.Event) error {
	switch e.Type {
	case events.ProductChanged:
		return f.changed(e)
	case events.ProductRemoved:
		var d removedData
		if err := e.Into(&d); err != nil {
			return err
		}
		return f.goods.remove(d.SKU, d.Version)
	case events.PriceChanged:
		c, err := prices.Read(e)
		if err != nil || !c.Everywhere() || c.Price.Currency() != f.currency {
			return err // another country's own price is no product's
		}
		return f.goods.price(c.SKU, c.Price, c.ValidFrom)
	case events.StockChanged:
		var d stockData
		if err := e.Into(&d); err != nil {
			return err
		}
		return f.goods.stock(d.SKU, d.Available, d.At)
	case events.ReviewPublished, events.ReviewRemoved:
		return f.spoken(ctx, e)
	}
	return nil
}

func (f *feed) changed(e events.Event) error {
	var d changedData
	if err := e.Into(&d); err != nil {
		return err
	}
	known, err := f.goods.describe(Product{
		SKU: d.SKU, Version: d.Version, Slug: d.Slug, Name: d.Name, Description: d.Description, Category: d.Category, Brand: d.Brand, GTIN: d.GTIN, Attributes: d.Attributes,
	})
	if err == nil && !known {
		f.poke() // what it costs, the catalog says
	}
	return err
}

// spoken asks what customers say now, when a review is there or gone: what is said of one may come twice, and late, and the answer is right.
func (f *feed) spoken(ctx context.Context, e events.Event) error {
	var d spokenData
	if err := e.Into(&d); err != nil || f.reviews == nil {
		return err
	}
	type summed struct {
		Summary struct {
			Stars map[string]int64 `json:"stars"`
		} `json:"summary,omitzero"`
	}
	found, _, err := client.Call[summed](ctx, f.reviews, client.Request{Path: "/api/reviews", Query: url.Values{"sku": {d.SKU}, "limit": {"1"}}})
	if err != nil {
		return err
	}
	var o opinion
	for text, n := range found.Summary.Stars {
		stars, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		o.Reviews, o.Stars = o.Reviews+n, o.Stars+n*stars
	}
	return f.goods.rate(d.SKU, o)
}
