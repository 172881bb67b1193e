package contracttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// cart is a service that tells of carts and takes what it tells.
func cart() postgres.Schema {
	files := fstest.MapFS{"00001_things.sql": {Data: []byte("-- +goose Up\nCREATE TABLE cart.things ();")}}
	return postgres.Schema{Name: "cart", Floor: 1, Files: files, Parts: []postgres.Part{outbox.Tables, inbox.Tables}}
}

// judge is a test that may fail without failing this one.
type judge struct {
	testing.TB
	told []string
}

func (j *judge) Helper() {}

func (j *judge) Errorf(format string, args ...any) {
	j.told = append(j.told, fmt.Sprintf(format, args...))
}

// wants fails the test unless a judge complained of this, or of nothing where it is empty.
func (j *judge) wants(t *testing.T, name, complaint string) {
	t.Helper()
	all := strings.Join(j.told, "\n")
	if (complaint == "") != (all == "") || !strings.Contains(all, complaint) {
		t.Errorf("%s: told is %q, want %q", name, all, complaint)
	}
}

func TestProducedSeesWhatIsNotPromised(t *testing.T) {
	good, err := example(events.CartClosed, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, spoilt, complaint string }{
		"as promised":       {"", "", ""},
		"nothing is told":   {`"type": "cart.cart.closed.v1"`, `"type": "cart.cart.merged.v1"`, "tells no cart.cart.closed.v1"},
		"of another":        {`"source": "cart"`, `"source": "orders"`, "of orders"},
		"a member is gone":  {`"order"`, `"orders"`, "does not fit"},
		"no time in UTC":    {`00:02Z`, `00:02+01:00`, "no event"},
		"a member too many": {`"data": {`, `"data": {"email": "jane@example.org", `, "it has .email"},
		"another subject":   {`"data": {"cart": "` + Cart, `"data": {"cart": "` + Order, "its subject is"},
	} {
		db, j := pgtest.Open(t, cart()), &judge{TB: t}
		text := strings.Replace(string(good), c.old, c.spoilt, 1)
		if c.old != "" && text == string(good) {
			t.Errorf("%s: nothing is spoilt", name)
		}
		if _, err := db.Exec(t.Context(), `INSERT INTO cart.outbox (event) VALUES ($1)`, text); err != nil {
			t.Fatal(err)
		}
		Produced(j, db, events.CartClosed, Cart)
		j.wants(t, name, c.complaint)
	}
}

func TestTakesSeesWhatHasNoEffect(t *testing.T) {
	count := `SELECT count(*) FROM cart.outbox`
	effect := func(ctx context.Context, tx pgx.Tx, e events.Event) error { return outbox.Put(ctx, tx, "cart", e) }
	for name, c := range map[string]struct {
		handlers  inbox.Handlers
		complaint string
	}{
		"an effect":           {inbox.Handlers{events.CartClosed: effect}, ""},
		"no effect":           {inbox.Handlers{events.CartClosed: func(context.Context, pgx.Tx, events.Event) error { return nil }}, `it is "0", want "1"`},
		"nobody takes it":     {inbox.Handlers{events.CartMerged: effect}, "no handler"},
		"it is put aside":     {inbox.Handlers{events.CartClosed: func(context.Context, pgx.Tx, events.Event) error { return errNotTaken }}, "parked"},
		"it was there before": {inbox.Handlers{events.CartClosed: effect}, "cannot see"},
	} {
		db, j := pgtest.Open(t, cart()), &judge{TB: t}
		if name == "it was there before" {
			if err := postgres.InTx(t.Context(), db, func(tx pgx.Tx) error { return effect(t.Context(), tx, Example(t, events.CartMerged)) }); err != nil {
				t.Fatal(err)
			}
		}
		Takes(j, db, c.handlers, events.CartClosed, count, "1")
		j.wants(t, name, c.complaint)
	}
}

func TestFollowsSeesASecondEffectAndWhoKnowsTodaysMembersAlone(t *testing.T) {
	n, j := 0, &judge{TB: t}
	Follows(j, func(context.Context, events.Event) error { n++; return nil }, events.CartClosed, func() string { return fmt.Sprint(n) }, "1")
	j.wants(t, "a second effect", `taken again it is "2"`)
	n, j = 0, &judge{TB: t}
	Follows(j, func(_ context.Context, e events.Event) error {
		read := json.NewDecoder(bytes.NewReader(e.Data))
		read.DisallowUnknownFields()
		return read.Decode(&struct{ Cart, Order string }{})
	}, events.CartClosed, func() string { return fmt.Sprint(n) }, "1")
	j.wants(t, "strict", `unknown field "addedlater"`)
}
