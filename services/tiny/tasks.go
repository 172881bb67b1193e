package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"
)

// askEvery is the pace of the task "preview".
const askEvery = 200 * time.Millisecond

// runTask does what a migration or a check of a test does, for a while:
//
//	sleep 60s      nothing; it ends at once when it is told to
//	stubborn 60s   nothing; it goes on when it is told to end, as a shell does that waits for its child
//	preview 25s /a     asks SHOP_PREVIEW_URL for a path five times a second, and fails with the first answer that is not 200
func runTask(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("reading the arguments: want a task and a duration, got %q", args)
	}
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return fmt.Errorf("reading the arguments: %w", err)
	}
	slog.Info("working", "task", args[0], "for", d.String())
	switch args[0] {
	case "sleep":
		return wait(ctx, d)
	case "stubborn":
		return wait(context.WithoutCancel(ctx), d)
	case "preview":
		return askFor(ctx, os.Getenv("SHOP_PREVIEW_URL")+strings.Join(args[2:], ""), d)
	}
	return fmt.Errorf("reading the arguments: there is no task %q", args[0])
}

func askFor(ctx context.Context, url string, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		err := askOnce(ctx, url)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil // what was cut off by the end of the task is no failure
		}
		if err != nil {
			return err
		}
		_ = wait(ctx, askEvery) // the next round tells why it ended
	}
}

func askOnce(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking the preview: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the preview: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking the preview: it answered %s", res.Status)
	}
	return nil
}
