package conform

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

func wireRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "W-02", Title: "HEAD answers what GET would, without a body", Level: Must, Modes: running, check: headIsGet},
		{ID: "W-03", Title: "Names of headers mean the same in any case", Level: Must, Modes: running, check: headersInAnyCase},
		{ID: "W-04", Title: "A body may be sent chunked or with its length", Level: Must, Modes: []Mode{Local}, check: chunkedIsTheSame},
		{ID: "W-05", Title: "201 names what was made in Location, and its version in ETag", Level: Must, Modes: []Mode{Local}, check: createdIsNamed},
		{ID: "W-06", Title: "An idle connection is kept for 5 s", Level: Must, Modes: running, check: awaited("W-06")},
		{ID: "W-07", Title: "A connection is ended politely after 60 s: Connection: close", Level: Should, Modes: running, Long: true, check: awaited("W-07")},
		{ID: "W-08", Title: "Text is UTF-8 and comes back as it was sent", Level: Must},
		{ID: "W-09", Title: "Lists of values are open: one that a consumer does not know is passed by", Level: Must},
	}
}

// something is a path that a read of this service can be tried on.
func (c *Case) something(ctx context.Context) (string, *thing, error) {
	if len(c.Settings.Pages) > 0 {
		return c.Settings.Pages[0], nil, nil
	}
	if c.Settings.List != nil {
		return c.Settings.List.Get, nil, nil
	}
	if path := c.plain(); path != "" && c.Settings.Read == "" && c.Settings.Create == nil {
		return path, nil, nil
	}
	return c.readable(ctx)
}

// plain is what the description lets anybody read without knowing anything.
func (w *world) plain() string {
	if w.doc == nil {
		return ""
	}
	for _, op := range w.doc.ops {
		public, _ := op.public()
		required := slices.ContainsFunc(op.params, func(p param) bool { return p.required })
		if op.method == "GET" && public && !required && !strings.Contains(op.path, "{") {
			return op.path
		}
	}
	return ""
}

func headIsGet(ctx context.Context, c *Case) error {
	path, t, err := c.something(ctx)
	if err != nil {
		return err
	}
	get, head := c.ask(ctx, "GET", path, about(t)), c.ask(ctx, "HEAD", path, about(t))
	if err := first(get.want(200), head.want(200)); err != nil {
		return err
	}
	if len(head.Body) > 0 {
		return errors.New("the answer to HEAD has a body")
	}
	for _, name := range []string{"Content-Type", "ETag", "Cache-Control"} {
		if g, h := get.Header.Get(name), head.Header.Get(name); g != h {
			return fmt.Errorf("%s is %q for GET and %q for HEAD", name, g, h)
		}
	}
	return nil
}

// headersInAnyCase sends traceparent in three spellings; HTTP/1.1 keeps them as they are written.
func headersInAnyCase(ctx context.Context, c *Case) error {
	if err := c.joins(ctx); err != nil {
		return err
	}
	for _, name := range []string{"traceparent", "TRACEPARENT", "TraceParent"} {
		id := randomHex(16)
		got, err := c.tracedBy(ctx, with(name, traceparent(id)))
		if err != nil {
			return err
		}
		if got != id {
			return fmt.Errorf("%s is not understood: sent trace %s, got %s", name, id, got)
		}
	}
	return nil
}

func chunkedIsTheSame(ctx context.Context, c *Case) error {
	w := c.Settings.Create
	if w == nil || len(w.Body) == 0 {
		return c.chunkedChange(ctx)
	}
	return c.post(ctx, newID(), chunked()).want(200, 201)
}

func (c *Case) chunkedChange(ctx context.Context) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	tag, err := c.tag(ctx, v)
	if err != nil {
		return err
	}
	return c.change(ctx, v, v.write.Body, match(tag), chunked()).want(200, 204)
}

func createdIsNamed(ctx context.Context, c *Case) error {
	if c.Settings.Create == nil {
		return skip("conform.json has no create")
	}
	a := c.post(ctx, newID())
	if err := a.want(201); err != nil {
		return err
	}
	where, err := url.Parse(a.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(where.Path, "/") {
		return fmt.Errorf("Location is %q, not the path of what was made", a.Header.Get("Location"))
	}
	if a.Header.Get("ETag") == "" {
		return errors.New("201 has no ETag")
	}
	t := c.made(a)
	return c.ask(ctx, "GET", t.path, about(t)).want(200)
}

// dial opens a connection of its own to the service.
func (c *Case) dial() (net.Conn, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("reading the service's address: %w", err)
	}
	conn, err := net.DialTimeout("tcp", u.Host, 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("connecting to the service: %w", err)
	}
	return conn, nil
}

// raw sends a request as it is written and reads one answer.
func raw(conn net.Conn, text string, limit time.Duration) (*Answer, error) {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		return nil, err
	}
	return readAnswer(conn, text)
}

func readAnswer(conn net.Conn, sent string) (*Answer, error) {
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a := &Answer{Status: res.StatusCode, Header: res.Header, sent: clipText(sent, shown)}
	if res.Close { // net/http takes the header away
		a.Header.Set("Connection", "close")
	}
	var body bytes.Buffer
	_, a.Err = body.ReadFrom(res.Body)
	a.Body = body.Bytes()
	return a, nil
}

const plainLivez = "GET /livez HTTP/1.1\r\nHost: conform\r\n\r\n"

func idleIsKept(_ context.Context, c *Case) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	a, err := raw(conn, plainLivez, 5*time.Second)
	if err != nil {
		return fmt.Errorf("GET /livez on a connection of its own: %w", err)
	}
	c.keep(a)
	if strings.EqualFold(a.Header.Get("Connection"), "close") {
		return errors.New("the first answer ends the connection")
	}
	answered := time.Now()
	time.Sleep(c.Times.Idle - c.Times.Idle/20) // the rule is about time that passes
	late := time.Since(answered) >= c.Times.Idle
	if _, err = raw(conn, plainLivez, 5*time.Second); err != nil && late {
		return unseen("the machine stood still for longer than the connection must be kept")
	} else if err != nil {
		return fmt.Errorf("after %s without a request the connection is gone: %w", c.Times.Idle, err)
	}
	return nil
}

func connectionsAge(_ context.Context, c *Case) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	for end := time.Now().Add(c.Times.Age + c.Times.Age/4); time.Now().Before(end); time.Sleep(c.Times.Age / 60) {
		a, err := raw(conn, plainLivez, 5*time.Second)
		if err != nil {
			return fmt.Errorf("the connection broke without a word: %w", err)
		}
		if strings.EqualFold(a.Header.Get("Connection"), "close") {
			c.keep(a)
			return nil
		}
	}
	c.sees()
	return fmt.Errorf("a connection that is used all the time is kept longer than %s", c.Times.Age)
}

// isText tells whether a body that says it is JSON is JSON in UTF-8.
func isText(a *Answer) error {
	if !utf8.Valid(a.Body) {
		return fmt.Errorf("%s %s: the body is no UTF-8", a.Method, a.Path)
	}
	if !json.Valid(a.Body) {
		return fmt.Errorf("%s %s: the body is no JSON", a.Method, a.Path)
	}
	if _, params, ok := strings.Cut(a.Header.Get("Content-Type"), "charset="); ok && !strings.EqualFold(strings.Trim(params, `" `), "utf-8") {
		return fmt.Errorf("%s %s: charset %s", a.Method, a.Path, params)
	}
	return nil
}
