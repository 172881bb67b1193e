package auth

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

// sampleStaff is the member of staff of the sample shop, who may do everything.
const sampleStaff = "jo"

var sampleScopes = []string{
	"analytics:read", "analytics:write", "books:read", "books:write", "catalog:write", "cms:write", "customers:read", "inventory:write", "invoicing:read", "invoicing:write",
	"loyalty:read", "loyalty:write", "media:write", "notifications:read", "orders:read", "orders:write", "payments:read", "payments:write",
	"pricing:write", "promotions:write", "returns:read", "returns:write", "reviews:write", "shipping:read", "shipping:write", "warehouse:read", "warehouse:write",
}

// sampleCustomer is the customer of the sample shop, as the samples of customers know her.
var (
	sampleCustomer = uuid.MustParse("0198c9a5-0000-7000-8000-0000000000a1")
	sampleMail     = contact.Mail{Spelled: "ann@example.org", Key: "ann@example.org"}
)

// seed makes the first key, a sample customer where AUTH_SAMPLE_CUSTOMER_PASSWORD has her password, and the sample account of staff where AUTH_SAMPLE_PASSWORD has its password: no password stands in this repository's code.
func seed(ctx context.Context, db *postgres.DB) error {
	t := &turner{&store{db}, Turning{Every: every, Ahead: ahead, After: after}, time.Now}
	if err := t.first(ctx); err != nil {
		return err
	}
	if password := os.Getenv("AUTH_SAMPLE_CUSTOMER_PASSWORD"); password != "" {
		if err := addCustomer(ctx, db, Customer{sampleCustomer, sampleMail, current.hashed(password)}); err != nil {
			return err
		}
	}
	password := os.Getenv("AUTH_SAMPLE_PASSWORD")
	if password == "" {
		slog.InfoContext(ctx, "making no sample account: AUTH_SAMPLE_PASSWORD is not set")
		return nil
	}
	return account(ctx, db, sampleStaff, password)
}

// account makes an account with all scopes, if the name is free.
func account(ctx context.Context, db *postgres.DB, name, password string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("making the id of an account: %w", err)
	}
	return add(ctx, db, Account{ID: id, Name: named(name), Hash: current.hashed(password), Scopes: sampleScopes})
}
