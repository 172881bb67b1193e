package conform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

func limitRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "B-01", Title: "A body that stops is given up within 35 s", Level: Must, Modes: local, check: awaited("B-01")},
		{ID: "B-02", Title: "413: a chunked body over 1 MiB, and the service goes on", Level: Must, Modes: local, check: chunkedTooLarge},
		{ID: "B-03", Title: "200 connections at once are all answered", Level: Must, Modes: local, timed: true, check: manyConnections},
		{ID: "B-04", Title: "A header that stops is given up within 35 s", Level: Must, Modes: local, check: awaited("B-04")},
	}
}

// stalls sends the beginning of a request and waits until the service gives up.
func (c *Case) stalls(text string) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(c.Times.Patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	c.sees()
	got, err := io.ReadAll(io.LimitReader(conn, shown))
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.evidence = append(c.evidence, Exchange{text, fmt.Sprintf("nothing for %s, and the connection stays: %s", c.Times.Patience, got)})
		return fmt.Errorf("after %s the connection is still kept", c.Times.Patience)
	}
	return nil
}

func slowBody(ctx context.Context, c *Case) error {
	head, body, err := c.halfWrite(ctx)
	if err != nil {
		return err
	}
	return c.stalls(head + body[:1])
}

func slowHeader(_ context.Context, c *Case) error {
	return c.stalls("GET /livez HTTP/1.1\r\nHost: conform\r\nX-Conform: ")
}

// chunkedTooLarge names no length, so the service learns of it while it reads.
func chunkedTooLarge(ctx context.Context, c *Case) error {
	err := c.eachWrite(ctx, func(w write) error {
		large := []byte(`{"conform":"` + strings.Repeat("x", 1<<20) + `"}`)
		return w.send(jsonBody(large), chunked()).wantProblem(413)
	})
	return first(err, c.alive(ctx))
}

// manyConnections opens them all before the first request is sent.
func manyConnections(ctx context.Context, c *Case) error {
	path, t, err := c.something(ctx)
	if err != nil {
		return err
	}
	r := &call{header: map[string][]string{}, thing: t}
	c.authorize(c.doc.find("GET", path), r)
	text := "GET " + path + " HTTP/1.1\r\nHost: conform\r\nConnection: close\r\n"
	if value := r.header.Get("Authorization"); value != "" {
		text += "Authorization: " + value + "\r\n"
	}
	conns := make([]net.Conn, c.Connections)
	for n := range conns {
		if conns[n], err = c.dial(); err != nil {
			return fmt.Errorf("connection %d: %w", n+1, err)
		}
		defer conns[n].Close()
	}
	failures := make([]error, len(conns))
	var all sync.WaitGroup
	for n, conn := range conns {
		all.Go(func() { failures[n] = served(conn, text+"\r\n") })
	}
	all.Wait()
	c.sees()
	return errors.Join(first(failures...))
}

// served wants an answer: 200, or 503 with Retry-After, which is how a service sheds.
func served(conn net.Conn, text string) error {
	a, err := raw(conn, text, time.Minute)
	switch {
	case err != nil:
		return fmt.Errorf("one of many connections got no answer: %w", err)
	case a.Status == 503 && a.Header.Get("Retry-After") != "", a.Status == 200:
		return nil
	}
	return fmt.Errorf("one of many connections got %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
}
