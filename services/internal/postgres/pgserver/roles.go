package pgserver

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Exec runs statements in a database as the superuser, one after the other.
func (s *Server) Exec(database string, statements ...string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.URL(database, Superuser))
	if err != nil {
		return fmt.Errorf("connecting to PostgreSQL as superuser: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing was left to be written
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Allow lets a role and nobody else connect to a database. Its schema is where it looks for names.
func (s *Server) Allow(database, role string) error {
	return s.Exec("postgres", "REVOKE ALL ON DATABASE "+database+" FROM PUBLIC", "GRANT CONNECT ON DATABASE "+database+" TO "+role,
		"ALTER ROLE "+role+" IN DATABASE "+database+" SET search_path = "+role)
}

// Own gives a role its schema in a database, and takes from everybody the one that all share.
func (s *Server) Own(database, role string) error {
	return s.Exec(database, "REVOKE ALL ON SCHEMA public FROM PUBLIC", "CREATE SCHEMA "+role+" AUTHORIZATION "+role)
}
