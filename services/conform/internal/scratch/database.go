// Package scratch gives a checked service databases on a PostgreSQL, behind a
// proxy that can be cut.
package scratch

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

var numbered atomic.Int64

// Database is one database with a role of its own, which owns one schema and
// nothing else, as a service has it in a shop.
type Database struct {
	// URL is what the service gets: TCP, through the proxy.
	URL   string
	Proxy *Proxy
	admin string
	name  string
	at    string
}

// New makes a database on the server whose superuser's address is given.
func New(ctx context.Context, server, schema string) (*Database, error) {
	name := fmt.Sprintf("conform_%d_%d", os.Getpid(), numbered.Add(1))
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		return nil, fmt.Errorf("asking PostgreSQL for a database: %w", err)
	}
	defer admin.Close(ctx) //nolint:errcheck // nothing is left to be written
	for _, sql := range []string{"CREATE ROLE " + name + " LOGIN PASSWORD 'conform'", "CREATE DATABASE " + name, "GRANT CONNECT ON DATABASE " + name + " TO " + name} {
		if _, err := admin.Exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("making a database for the service: %w", err)
		}
	}
	d := &Database{admin: server, name: name, at: with(server, name)}
	if err := d.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize()+" AUTHORIZATION "+name); err != nil {
		return nil, err
	}
	config := admin.Config()
	if d.Proxy, err = Listen(config.Host, config.Port); err != nil {
		return nil, err
	}
	d.URL = fmt.Sprintf("postgres://%s:conform@%s/%s?sslmode=disable", name, d.Proxy.Address(), name)
	return d, nil
}

// with is the server's address with another database.
func with(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + database
	return u.String()
}

// Connect opens the superuser's session in the database, past the proxy.
func (d *Database) Connect(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, d.at) }

// Exec runs one statement as superuser.
func (d *Database) Exec(ctx context.Context, sql string) error {
	conn, err := d.Connect(ctx)
	if err != nil {
		return fmt.Errorf("connecting to the service's database: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is left to be written
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("preparing the service's database: %w", err)
	}
	return nil
}

// Drop removes the database and its role.
func (d *Database) Drop(ctx context.Context) {
	d.Proxy.Cut()
	conn, err := pgx.Connect(ctx, d.admin)
	if err != nil {
		return // the server is gone, and the database with it
	}
	defer conn.Close(ctx)                                                    //nolint:errcheck // nothing is left to be written
	_, _ = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+d.name+" WITH (FORCE)") // a throw-away server ends soon
	_, _ = conn.Exec(ctx, "DROP ROLE IF EXISTS "+d.name)
}
