package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

// Server is a PostgreSQL of one's own, which can go away and come back with all
// that was committed. It has one database, as in a shop, with a schema and a role
// for each service.
type Server struct{ *pgserver.Server }

const shopDatabase = "shop"

// Own returns a server that ends with the test.
func Own(t testing.TB) *Server {
	t.Helper()
	s, err := Launch()
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv(Variable) != "" {
		t.Skipf("LEFT OUT: this test kills its PostgreSQL, which it may not do to the one of %s: %v", Variable, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch starts a server for a program that is no test. Stop ends it.
func Launch() (*Server, error) {
	s, err := pgserver.Start("synchronous_commit=on", "full_page_writes=on", "max_connections=100")
	if err != nil {
		return nil, err
	}
	if err := s.Exec("postgres", "CREATE DATABASE "+shopDatabase); err != nil {
		s.Stop()
		return nil, err
	}
	return &Server{s}, nil
}

// Schema makes the schema of a service, migrated, and returns its address for the
// service's role.
func (s *Server) Schema(schema postgres.Schema) (string, error) {
	url := s.URL(shopDatabase, schema.Name)
	err := s.Role(schema.Name)
	if err == nil {
		err = s.Allow(shopDatabase, schema.Name)
	}
	if err == nil {
		err = s.Own(shopDatabase, schema.Name)
	}
	if err != nil {
		return "", fmt.Errorf("making schema %s: %w", schema.Name, err)
	}
	db, err := postgres.Open(postgres.Options{URL: url}, schema)
	if err != nil {
		return "", err
	}
	defer db.Close()
	return url, db.Migrate(context.Background())
}

// Admin is the address of the database for the superuser.
func (s *Server) Admin() string { return s.URL(shopDatabase, superuser) }
