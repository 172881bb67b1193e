package pspfake

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// patience is how long a merchant may take to acknowledge a webhook.
	patience = 5 * time.Second
	// atOnce bounds how many webhooks are under way.
	atOnce = 4
	// look is how often those that are due are looked for.
	look = 250 * time.Millisecond
)

// sender tells the merchant, until he says that he has it.
type sender struct {
	store  *store
	http   *http.Client
	target string
	secret string
	now    func() time.Time
}

// run delivers until the context ends.
func (s *sender) run(ctx context.Context) error {
	for {
		due, err := s.store.due(ctx, atOnce)
		if err != nil {
			return err
		}
		var all sync.WaitGroup
		for _, w := range due {
			all.Go(func() { s.deliver(ctx, w) })
		}
		all.Wait()
		if len(due) == atOnce {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(look):
		}
	}
}

// deliver sends one. What is not acknowledged is due again later: it was put off
// when it was taken.
func (s *sender) deliver(ctx context.Context, w webhook) {
	err := s.send(ctx, w.body)
	if err == nil {
		err = s.store.delivered(ctx, w.seq)
	}
	if err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "sending a webhook, it is sent again", "webhook", w.seq, "tries", w.tries, "error", err)
	}
}

func (s *sender) send(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making a webhook: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(header, Sign(s.secret, s.now(), body))
	res, err := s.http.Do(r)
	if err != nil {
		return fmt.Errorf("sending a webhook: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10) // so that the connection is used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the merchant answered %d", res.StatusCode)
	}
	return nil
}
