package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks a shop by its front door, outside of the load.
type Client struct {
	// URL of the front door, without a path.
	URL string
	// Token of a member of staff; empty: as customers ask.
	Token string
}

// problem is what a shop says when it refuses (RFC 9457).
type problem struct {
	Status        int
	Title, Detail string
}

func (p problem) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s", p.Status, p.Title, p.Detail))
}

// get reads JSON.
func (c Client) get(ctx context.Context, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.do(ctx, spec{method: http.MethodGet, path: path}, into)
}

// do asks. What is neither 200 nor 201 is a problem that says what the shop said.
func (c Client) do(ctx context.Context, s spec, into any) error {
	const patience = 30 * time.Second
	req, cancel, err := s.request(ctx, c.URL, patience)
	if err != nil {
		return err
	}
	defer cancel()
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the shop: %w", err)
	}
	defer res.Body.Close()
	read := json.NewDecoder(res.Body)
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated {
		var said problem
		_ = read.Decode(&said) // without it the status says what there is to say
		said.Status = res.StatusCode
		return fmt.Errorf("asking for %s: %w", s.path, said)
	}
	if err := read.Decode(into); err != nil {
		return fmt.Errorf("reading %s: %w", s.path, err)
	}
	return nil
}

// piece is one of a long list.
type piece[T any] struct {
	Items []T
	Next  string
}

// all reads pieces of a list for as long as each wants the next.
func all[T any](ctx context.Context, c Client, path string, each func([]T) (goOn bool)) error {
	for query := (url.Values{"limit": {"100"}}); ; {
		var p piece[T]
		if err := c.get(ctx, path, query, &p); err != nil {
			return err
		}
		if !each(p.Items) || p.Next == "" {
			return nil
		}
		query.Set("cursor", p.Next)
	}
}

// Login gets a token for a member of staff.
func (c Client) Login(ctx context.Context, name, password string) (Client, error) {
	body, err := json.Marshal(map[string]string{"name": name, "password": password})
	if err != nil {
		return c, err
	}
	var got struct{ Token string }
	err = c.do(ctx, spec{method: http.MethodPost, path: "/api/auth/tokens", body: string(body)}, &got)
	c.Token = got.Token
	return c, err
}
