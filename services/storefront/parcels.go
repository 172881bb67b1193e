// What the storefront reads of shipping: where an order's parcels are.
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// parcelPatience is how long an order's page waits for its parcels: it is a page without them, too.
const parcelPatience = 500 * time.Millisecond

// parcel is one with some of an order's goods, or with all of them.
type parcel struct {
	State       string       `json:"state"`
	Carrier     string       `json:"carrier"`
	Tracking    string       `json:"tracking"`
	Lines       []parcelLine `json:"lines"`
	SentAt      *time.Time   `json:"sentAt,omitempty"`
	DeliveredAt *time.Time   `json:"deliveredAt,omitempty"`
}

type parcelLine struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

var parcelWords = map[string]string{"packed": "Packed", "sent": "On its way", "delivered": "Delivered"}

// Words is how far a parcel is; a state that came later than this page is shown as it is called.
func (p parcel) Words() string {
	if text := parcelWords[p.State]; text != "" {
		return text
	}
	return p.State
}

// Last is the last that happened to it.
func (p parcel) Last() *happened {
	for _, at := range []*time.Time{p.DeliveredAt, p.SentAt} {
		if at != nil {
			return &happened{At: *at}
		}
	}
	return nil
}

// packed is a line of a parcel as the page shows it.
type packed struct {
	Name     string
	Quantity int
}

// shownParcel is a parcel with the names of what is in it, as they were when it was bought.
type shownParcel struct {
	parcel
	In []packed
}

// parcelsOf names what is in parcels by the order's lines.
func parcelsOf(list []parcel, b bought) (shown []shownParcel) {
	names := map[string]string{}
	for _, l := range b.Lines {
		names[l.SKU] = l.Name
	}
	for _, p := range list {
		one := shownParcel{parcel: p}
		for _, l := range p.Lines {
			name := names[l.SKU]
			if name == "" {
				name = l.SKU
			}
			one.In = append(one.In, packed{name, l.Quantity})
		}
		shown = append(shown, one)
	}
	return shown
}

// shipments asks shipping. A shop need not have it: then there is no client, and pages have no parcels.
type shipments struct{ api *client.Client }

// of are the parcels of an order, for who has its token, which is kept out of addresses.
func (s shipments) of(ctx context.Context, order, token string) ([]parcel, error) {
	body, _, err := client.Call[struct {
		Parcels []parcel `json:"parcels"`
	}](ctx, s.api, client.Request{Path: "/api/shipping/orders/" + url.PathEscape(order), Header: http.Header{"X-Order-Token": {token}}, Timeout: parcelPatience})
	return body.Parcels, err
}

// parcels asks for an order's parcels while the page asks for the order itself. Without an answer there are none on the page.
func (s *shop) parcels(ctx context.Context, order, token string) <-chan []parcel {
	found := make(chan []parcel, 1)
	if s.shipments.api == nil {
		found <- nil
		return found
	}
	go func() {
		list, err := s.shipments.of(ctx, order, token)
		if code := status(err); err != nil && code != http.StatusNotFound && ctx.Err() == nil { // of an order that shipping has not heard of yet there are none
			s.log.WarnContext(ctx, "asking shipping", "error", err)
		}
		found <- list
	}()
	return found
}
