package notifications

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"time"
)

const (
	// look is how often the sender looks for mails, again after how long it tries again.
	look  = time.Second
	again = 10 * time.Second
	// batch is how many it takes at a time, patience how long a server may take for one.
	batch    = 20
	patience = 30 * time.Second
)

var (
	errRecipient = errors.New("the recipient is no single mail address")
	errRefused   = errors.New("the mail server refused the recipient")
)

// sink is where mails go.
type sink func(ctx context.Context, to string, message []byte) error

// table is the sink of a shop without a mail server: the mails are in the table, for staff to read.
func table(context.Context, string, []byte) error { return nil }

// server is a mail server: smtp://user:password@mail:25. It speaks TLS where the server offers it, and logs in over nothing else.
func server(address, from string) (sink, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "smtp" || u.Hostname() == "" {
		return nil, errors.New("SMTP_URL is no address such as smtp://mail:25")
	}
	port := u.Port()
	if port == "" {
		port = "25"
	}
	return func(ctx context.Context, to string, message []byte) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
		if err != nil {
			return fmt.Errorf("connecting to the mail server: %w", err)
		}
		defer conn.Close()
		if end, ok := ctx.Deadline(); ok {
			_ = conn.SetDeadline(end) // a connection of the network takes one
		}
		return hand(conn, u, from, to, message)
	}, nil
}

// sender hands mails to a sink, and then notes it. When it dies in between, the mail goes again, under the same Message-ID.
type sender struct {
	store *store
	sink  sink
	from  mail.Address
	now   func() time.Time
}

// run is a worker.
func (s *sender) run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause := look
		if n, err := s.send(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "sending mails again soon", "error", err)
			pause = again
		} else if n == batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// send hands over what is not sent, the oldest first, and returns how many that were. One that is refused does not keep the others.
func (s *sender) send(ctx context.Context) (n int, err error) {
	all, err := s.store.unsent(ctx, batch)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, m := range all {
		if err := s.one(ctx, m); err != nil {
			errs = append(errs, fmt.Errorf("mail %s: %w", m.ID, err))
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

func (s *sender) one(ctx context.Context, m Mail) error {
	text, err := message(m, s.from)
	if err != nil {
		return err
	}
	if err := s.sink(ctx, m.To, text); err != nil {
		return err
	}
	return s.store.sent(ctx, m.ID, s.now())
}
