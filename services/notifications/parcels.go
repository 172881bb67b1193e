package notifications

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
)

// Parcel is what a mail about one says.
type Parcel struct {
	Carrier, Tracking string
	// Delivered tells that it arrived; else that it left.
	Delivered bool
}

// template is the text of a notice: those about parcels have texts of their own.
func (n Notice) template() string {
	switch {
	case n.Parcel == nil:
		return string(n.Kind)
	case n.Parcel.Delivered:
		return deliveredText
	}
	return parcelText
}

// The templates about parcels.
const parcelText, deliveredText = "parcel", "delivered"

// refund and parcel are which of several a mail is about.
func (m Mail) refund() string { return m.about(Refunded) }

func (m Mail) parcel() string { return m.about(Sent) }

func (m Mail) about(kind Kind) string {
	if m.Kind != kind {
		return ""
	}
	return m.About
}

// parcelData is what shipping tells of a parcel.
type parcelData struct {
	Parcel   uuid.UUID `json:"parcel"`
	Order    uuid.UUID `json:"order"`
	Carrier  string    `json:"carrier,omitempty"`
	Tracking string    `json:"tracking"`
	At       time.Time `json:"at"`
}

// parcel writes of a parcel that left or arrived: one mail for each of the two, whatever is told twice.
func (w *writer) parcel(arrived bool) func(context.Context, pgx.Tx, events.Event) error {
	return func(ctx context.Context, tx pgx.Tx, e events.Event) error {
		var d parcelData
		if err := e.Into(&d); err != nil {
			return err
		}
		about := d.Parcel.String()
		if arrived {
			about += "." + deliveredText
		}
		return w.tell(ctx, tx, Notice{ID: e.ID, Kind: Sent, Order: d.Order, About: about, Parcel: &Parcel{d.Carrier, d.Tracking, arrived}, At: e.Time})
	}
}

// sent writes that all goods left, unless they left in parcels: of each of those the customer was told.
func (w *writer) sent(ctx context.Context, tx pgx.Tx, e events.Event) error {
	var data struct {
		Parcels []uuid.UUID `json:"parcels,omitempty"`
	}
	if err := e.Into(&data); err != nil || len(data.Parcels) > 0 {
		return err
	}
	return w.happened(Sent)(ctx, tx, e)
}
