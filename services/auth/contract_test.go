package auth

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/contracttest"
	"github.com/emporium-shop/emporium/services/internal/erasure"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/inbox"
)

// What customers tells, by the contract's own example, and what is told of keys and mails.
func TestAccountsGoByWhatTheContractShows(t *testing.T) {
	c, ann, _ := customersOf(t)
	c.wants(t, reset, "ann@x.example")
	contracttest.Produced(t, c.store.db, events.KeysRotated, one(t, c, `SELECT id FROM auth.keys`))
	contracttest.Produced(t, c.store.db, events.MailWanted, one(t, c, `SELECT id FROM auth.mails`))
	h := inbox.Handlers{events.CustomerErased: erasure.Handler("auth", forgetCustomer)}
	contracttest.Takes(t, c.store.db, h, events.CustomerErased, `SELECT count(*) FROM auth.credentials`, "0", contracttest.Customer, ann.ID.String())
	contracttest.Produced(t, c.store.db, events.ErasureDone, ann.ID.String())
}

func one(t *testing.T, c *customers, sql string) (text string) {
	t.Helper()
	if err := c.store.db.QueryRow(t.Context(), sql).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}
