package pgserver

import (
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// begins is how long a server of others may take to begin: a container beside the tests is started at the same time as they are.
const begins = 30 * time.Second

// At is a server that others run, at the address of its superuser: postgres://postgres:secret@127.0.0.1:5432/postgres. It cannot be
// killed, and stopping it does nothing. Databases and roles of tests stay apart from whatever else it holds by their names alone.
func At(address string) (*Server, error) {
	u, err := neturl.Parse(address)
	if err != nil {
		return nil, errors.New("reading the address of PostgreSQL: it is no URL; write postgres://postgres:secret@127.0.0.1:5432/postgres") // without the password in it
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" || u.User.Username() == "" {
		return nil, fmt.Errorf("reading the address of PostgreSQL: %s lacks scheme, superuser or host; write postgres://postgres:secret@127.0.0.1:5432/postgres", u.Redacted())
	}
	s := &Server{outside: u}
	ctx, cancel := context.WithTimeout(context.Background(), begins)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres", Superuser))
		if err == nil {
			return s, conn.Close(ctx)
		}
		if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && refused.Code != startingUp || ctx.Err() != nil {
			return nil, fmt.Errorf("connecting to the PostgreSQL at %s: %w", u.Redacted(), err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connecting to the PostgreSQL at %s: nobody took a session within %s: %w", u.Redacted(), begins, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// PostgreSQL's codes.
const (
	startingUp      = "57P03"
	duplicateObject = "42710"
	uniqueViolation = "23505" // of two who make one at once
)

// Outside tells whether others run the server, and perhaps use it at the same time.
func (s *Server) Outside() bool { return s.outside != nil }

func (s *Server) outsideURL(database, role string) string {
	u := *s.outside
	u.Path = "/" + database
	if password, has := u.User.Password(); role != Superuser && has {
		u.User = neturl.UserPassword(role, password)
	} else if role != Superuser {
		u.User = neturl.User(role)
	}
	return u.String()
}

// Role makes a role that may log in. On a server of others it has the superuser's password, and may be there: another process
// that tests the same service made it.
func (s *Server) Role(name string) error {
	statement := "CREATE ROLE " + name + " LOGIN"
	if s.outside == nil {
		return s.Exec("postgres", statement)
	}
	if password, has := s.outside.User.Password(); has {
		statement += " PASSWORD " + literal(password)
	}
	err := s.Exec("postgres", statement)
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && (refused.Code == duplicateObject || refused.Code == uniqueViolation) {
		return nil
	}
	return err
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
