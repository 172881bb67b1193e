package tiny

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// askEvery is the pace of the task "preview".
const askEvery = 200 * time.Millisecond

type task = func(ctx context.Context, get func(string) string, args []string) error

// tasks are commands that do what a migration or a check of a test does, for a while:
//
//	sleep 60s      nothing; it ends at once when it is told to
//	stubborn 60s   nothing; it goes on when it is told to end, as a shell does that waits for its child
//	preview 25s /a     asks SHOP_PREVIEW_URL for a path five times a second, and fails with the first answer that is not 200
func tasks() map[string]task {
	return map[string]task{
		"sleep": timed(func(ctx context.Context, d time.Duration, _ func(string) string, _ string) error { return wait(ctx, d) }),
		"stubborn": timed(func(ctx context.Context, d time.Duration, _ func(string) string, _ string) error {
			return wait(context.WithoutCancel(ctx), d)
		}),
		"preview": timed(func(ctx context.Context, d time.Duration, get func(string) string, path string) error {
			return askFor(ctx, get("SHOP_PREVIEW_URL")+path, d)
		}),
	}
}

// timed reads the duration that comes first.
func timed(do func(ctx context.Context, d time.Duration, get func(string) string, rest string) error) task {
	return func(ctx context.Context, get func(string) string, args []string) error {
		if len(args) == 0 {
			return errors.New("reading the arguments: want a duration")
		}
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return fmt.Errorf("reading the arguments: %w", err)
		}
		slog.Info("working", "for", d.String())
		return do(ctx, d, get, strings.Join(args[1:], ""))
	}
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
