package orders

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
)

// Parcel is what shipping told of one that left.
type Parcel struct {
	ID                uuid.UUID
	Carrier, Tracking string
	Lines             []bookLine
	SentAt            time.Time
	// DeliveredAt is nil until it arrived.
	DeliveredAt *time.Time
}

// partlySent and delivered are no states: some of the goods left, or all of them arrived, and the order stays what it is.
const partlySent, delivered State = "partly-sent", "delivered"

// complete tells whether everything that was bought is in parcels. A product may stand on two lines, and be in two parcels.
func (o Order) complete(parcels []Parcel) bool {
	left := map[string]int{}
	for _, l := range o.Lines {
		left[l.SKU] += l.Quantity
	}
	for _, p := range parcels {
		for _, l := range p.Lines {
			left[l.SKU] -= l.Quantity
		}
	}
	for _, n := range left {
		if n > 0 {
			return false
		}
	}
	return true
}

// Ship is told when a parcel left that is the last of these: with all that was bought the order is sent, with less of it partly. One whose
// payment is not known to be captured yet is sent when that is. Of a cancelled order, and of one that staff sent by hand, nothing changes.
func (o Order) Ship(parcels []Parcel, at time.Time) (Order, []Fact, error) {
	switch {
	case o.State != Placed && o.State != Paid:
		return o, nil, nil
	case o.State == Placed || !o.complete(parcels):
		o.ParcelsSent = len(parcels)
		o.Version++
		return o, []Fact{{Kind: partlySent, At: at}}, nil
	}
	o.ParcelsSent = len(parcels)
	o.Carrier, o.Tracking = joined(parcels, func(p Parcel) string { return p.Carrier }), joined(parcels, func(p Parcel) string { return p.Tracking })
	o, facts, err := o.to(Sent, at, "")
	for _, p := range parcels {
		facts[0].parcels = append(facts[0].parcels, p.ID)
	}
	return o, facts, err
}

// Arrive is told when a parcel arrived: the order arrived with the last of them.
func (o Order) Arrive(parcels []Parcel, at time.Time) (Order, []Fact, error) {
	under := slices.ContainsFunc(parcels, func(p Parcel) bool { return p.DeliveredAt == nil })
	if o.State != Sent || under || !o.complete(parcels) {
		return o, nil, nil
	}
	o.Version++
	return o, []Fact{{Kind: delivered, At: at}}, nil
}

// joined names each once, in the order of the parcels.
func joined(parcels []Parcel, of func(Parcel) string) string {
	var list []string
	for _, p := range parcels {
		if text := of(p); text != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return strings.Join(list, ", ")
}

// parcelData is what shipping tells of a parcel.
type parcelData struct {
	Parcel   uuid.UUID  `json:"parcel"`
	Order    uuid.UUID  `json:"order"`
	Lines    []bookLine `json:"lines"`
	Carrier  string     `json:"carrier,omitempty"`
	Tracking string     `json:"tracking"`
	At       time.Time  `json:"at"`
}

// parcelSent notes a parcel that left, and what that makes of its order.
func (s *store) parcelSent(ctx context.Context, tx pgx.Tx, e events.Event) error {
	return s.parcel(ctx, tx, e, false, Order.Ship)
}

// parcelDelivered notes a parcel that arrived. One of which nobody told that it left did so before.
func (s *store) parcelDelivered(ctx context.Context, tx pgx.Tx, e events.Event) error {
	if err := s.parcelSent(ctx, tx, e); err != nil {
		return err
	}
	return s.parcel(ctx, tx, e, true, Order.Arrive)
}

// parcel notes a parcel under the lock of its order. What was noted before changes nothing.
func (s *store) parcel(ctx context.Context, tx pgx.Tx, e events.Event, arrived bool, rule func(Order, []Parcel, time.Time) (Order, []Fact, error)) error {
	var data parcelData
	if err := e.Into(&data); err != nil {
		return err
	}
	_, err := s.change(ctx, tx, data.Order, func(o Order) (Order, []Fact, error) {
		fresh, err := noteParcel(ctx, tx, data, arrived)
		if err != nil || !fresh {
			return o, nil, err
		}
		parcels, err := parcelsOf(ctx, tx, o.ID)
		if err != nil {
			return o, nil, err
		}
		if o.State == Cancelled {
			slog.WarnContext(ctx, "a parcel of a cancelled order left", "order", o.ID, "parcel", data.Parcel)
		}
		return rule(o, parcels, data.At.UTC().Truncate(time.Microsecond))
	})
	return err
}

// noteParcel writes what was told, and tells whether it was new.
func noteParcel(ctx context.Context, tx pgx.Tx, d parcelData, arrived bool) (bool, error) {
	sql, args := `INSERT INTO orders.parcels (parcel, order_id, carrier, tracking, lines, sent_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		[]any{d.Parcel, d.Order, d.Carrier, d.Tracking, d.Lines, d.At}
	if arrived {
		sql, args = `UPDATE orders.parcels SET delivered_at = $2 WHERE parcel = $1 AND delivered_at IS NULL`, []any{d.Parcel, d.At}
	}
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return false, fmt.Errorf("noting a parcel: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

// parcelsOf are an order's parcels, as they left.
func parcelsOf(ctx context.Context, in asker, order uuid.UUID) ([]Parcel, error) {
	rows, err := in.Query(ctx, `SELECT parcel, carrier, tracking, lines, sent_at, delivered_at FROM orders.parcels WHERE order_id = $1 ORDER BY sent_at, parcel`, order)
	if err != nil {
		return nil, fmt.Errorf("reading parcels: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Parcel, err error) {
		err = row.Scan(&p.ID, &p.Carrier, &p.Tracking, &p.Lines, &p.SentAt, &p.DeliveredAt)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading parcels: %w", err)
	}
	return list, nil
}

// shipWhatLeft ships an order that is paid at last, and whose parcels were told of before.
func (s *store) shipWhatLeft(ctx context.Context, tx pgx.Tx, o Order, at time.Time) error {
	if o.State != Paid || o.ParcelsSent == 0 {
		return nil
	}
	parcels, err := parcelsOf(ctx, tx, o.ID)
	if err != nil || !o.complete(parcels) {
		return err
	}
	_, err = s.change(ctx, tx, o.ID, func(o Order) (Order, []Fact, error) { return o.Ship(parcels, at) })
	return err
}
