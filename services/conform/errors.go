package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

func errorRules() []Rule {
	running, local := []Mode{Remote, Local}, []Mode{Local}
	return []Rule{
		{ID: "E-01", Title: "404: a path that is not there", Level: Must, Modes: running, check: unknownPath},
		{ID: "E-02", Title: "405: a method that a path does not have, with Allow", Level: Must, Modes: running, check: unknownMethod},
		{ID: "E-03", Title: "406: none of the media types that Accept names", Level: Must, Modes: running, check: notAcceptable},
		{ID: "E-04", Title: "413: a body over 1 MiB", Level: Must, Modes: local, check: bodyTooLarge},
		{ID: "E-05", Title: "415: a body that is not JSON, with what is taken", Level: Must, Modes: local, check: bodyOfAnotherType},
		{ID: "E-06", Title: "422: a wrong value, with a pointer to it", Level: Must, Modes: local, check: wrongValue},
		{ID: "E-07", Title: "422: a member that is not described, with a pointer to it", Level: Must, Modes: local, check: unknownMember},
		{ID: "E-08", Title: "400: a body that cannot be read as JSON", Level: Must, Modes: local, check: brokenJSON},
		{ID: "E-09", Title: "431: a header over 16 KiB", Level: Must, Modes: running, check: headerTooLarge},
		{ID: "E-10", Title: "A refusal of HEAD has no body", Level: Must, Modes: running, check: headRefusal},
		{ID: "E-13", Title: "422: a query parameter that is not described", Level: Must, Modes: running, check: unknownParameter},
		{ID: "E-15", Title: "Refusals come in their order", Level: Must, Modes: local, check: orderOfRefusals},
		{ID: "E-16", Title: "422: an amount of money that is a number", Level: Must, Modes: local, check: moneyAsNumber},
	}
}

func unknownPath(ctx context.Context, c *Case) error {
	return c.ask(ctx, "GET", "/conform/"+newID()).wantProblem(404)
}

func unknownMethod(ctx context.Context, c *Case) error {
	path, t, err := c.something(ctx)
	if err != nil {
		return err
	}
	// PROPFIND is a method of HTTP that reads: where the service is wrong, nothing is changed.
	a := c.ask(ctx, "PROPFIND", path, about(t))
	if err := a.wantProblem(405); err != nil {
		return err
	}
	if !slices.Contains(strings.Split(strings.ReplaceAll(strings.Join(a.Header.Values("Allow"), ","), " ", ""), ","), "GET") {
		return fmt.Errorf("Allow is %q, and GET is allowed", a.Header.Get("Allow"))
	}
	return nil
}

func notAcceptable(ctx context.Context, c *Case) error {
	path, t, err := c.something(ctx)
	if err != nil {
		return err
	}
	if len(c.Settings.Pages) > 0 {
		return skip("pages are for browsers, which take what comes")
	}
	if err := c.ask(ctx, "GET", path, about(t), with("Accept", "application/x-conform")).wantProblem(406); err != nil {
		return err
	}
	return c.ask(ctx, "GET", path, about(t), with("Accept", "text/html, */*;q=0.1")).want(200)
}

// write is a valid request that a rule spoils: create, change, or both.
type write struct {
	name string
	body []byte
	send func(options ...option) *Answer
}

// writes are what the settings can make of JSON; each can be sent again and again, as it is refused.
func (c *Case) writes(ctx context.Context) ([]write, error) {
	var out []write
	if w := c.Settings.Create; w != nil && c.hasBody(w) && !w.isFile() {
		out = append(out, write{"create", w.Body, func(o ...option) *Answer { return c.post(ctx, newID(), o...) }})
	}
	if w := c.Settings.Change; w != nil && len(w.Body) > 0 {
		v, err := c.versioned(ctx)
		if err != nil {
			return nil, err
		}
		tag, err := c.tag(ctx, v)
		if err != nil {
			return nil, err
		}
		out = append(out, write{"change", w.Body, func(o ...option) *Answer {
			return c.change(ctx, v, w.Body, append([]option{match(tag)}, o...)...)
		}})
	}
	if len(out) == 0 {
		return nil, skip("conform.json has no write with a body")
	}
	return out, nil
}

// hasBody tells whether a write takes a body at all.
func (c *Case) hasBody(w *Write) bool {
	op := c.doc.find(w.method(), w.path())
	return len(w.Body) > 0 || (op != nil && op.node["requestBody"] != nil)
}

// eachWrite spoils every write and looks at the answer.
func (c *Case) eachWrite(ctx context.Context, look func(write) error) error {
	all, err := c.writes(ctx)
	if err != nil {
		return err
	}
	var none notApplicable
	decided := false
	for _, w := range all {
		err := look(w)
		if errors.As(err, &none) {
			continue
		}
		if err != nil {
			return err
		}
		decided = true
	}
	if !decided {
		return none
	}
	return nil
}

func bodyTooLarge(ctx context.Context, c *Case) error {
	return c.eachWrite(ctx, func(w write) error {
		large := []byte(`{"conform":"` + strings.Repeat("x", 1<<20) + `"}`)
		return w.send(jsonBody(large)).wantProblem(413)
	})
}

// takes are the headers that say what may be sent.
var takes = map[string]string{"POST": "Accept-Post", "PATCH": "Accept-Patch", "PUT": "Accept"}

func bodyOfAnotherType(ctx context.Context, c *Case) error {
	return c.eachWrite(ctx, func(w write) error {
		a := w.send(jsonBody([]byte("quantity=1")), with("Content-Type", "text/plain"))
		if err := a.wantProblem(415); err != nil {
			return err
		}
		if name := takes[a.Method]; !strings.Contains(a.Header.Get(name), "json") {
			return fmt.Errorf("%s is %q; it says what is taken", name, a.Header.Get(name))
		}
		return nil
	})
}

func wrongValue(ctx context.Context, c *Case) error {
	return c.eachWrite(ctx, func(w write) error {
		for name, value := range members(w.body) {
			wrong := any(map[string]any{"conform": []int{1}})
			if object(value) != nil {
				wrong = "conform"
			}
			a := w.send(jsonBody(replaced(w.body, name, wrong)))
			return first(a.wantProblem(422), a.pointsTo(name))
		}
		return skip("the bodies of conform.json have no member")
	})
}

func unknownMember(ctx context.Context, c *Case) error {
	return c.eachWrite(ctx, func(w write) error {
		a := w.send(jsonBody(replaced(w.body, "conformUnknown", 1)))
		return first(a.wantProblem(422), a.pointsTo("conformUnknown"))
	})
}

func brokenJSON(ctx context.Context, c *Case) error {
	return c.eachWrite(ctx, func(w write) error {
		for _, text := range []string{`{"name": `, `{} {}`, "{\"\xff\": 1}"} {
			if err := w.send(jsonBody([]byte(text))).wantProblem(400); err != nil {
				return fmt.Errorf("with the body %q: %w", text, err)
			}
		}
		return nil
	})
}

// members are those of a body.
func members(body []byte) map[string]any {
	var m map[string]any
	_ = json.Unmarshal(body, &m) // no object: no members
	return m
}

// replaced is the body with a member more, or another.
func replaced(body []byte, name string, value any) []byte {
	m := members(body)
	if m == nil {
		m = map[string]any{}
	}
	m[name] = value
	return []byte(text(m))
}

// spoiled is the body with a member of another type, or with one that is not
// described where it has none.
func spoiled(body []byte) []byte {
	for name, value := range members(body) {
		if object(value) == nil {
			return replaced(body, name, map[string]any{"conform": 1})
		}
	}
	return replaced(body, "conformUnknown", 1)
}

// pointsTo wants an error of the member, or of what is in it.
func (a *Answer) pointsTo(name string) error {
	p, err := a.problem()
	if err != nil {
		return err
	}
	want := "#/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	for _, e := range p.Errors {
		if e.Pointer == want || strings.HasPrefix(e.Pointer, want+"/") {
			return nil
		}
	}
	return fmt.Errorf("%s %s: no error points to %s: %s", a.Method, a.Path, want, clip(a.Body))
}

// blames wants an error of the parameter.
func (a *Answer) blames(parameter string) error {
	p, err := a.problem()
	if err != nil {
		return err
	}
	for _, e := range p.Errors {
		if strings.EqualFold(e.Parameter, parameter) {
			return nil
		}
	}
	return fmt.Errorf("%s %s: no error names %s: %s", a.Method, clipText(a.Path, 80), parameter, clip(a.Body))
}

func headerTooLarge(ctx context.Context, c *Case) error {
	path, t, err := c.something(ctx)
	if err != nil {
		path, t = "/contract", nil
	}
	return c.ask(ctx, "GET", path, about(t), with("X-Conform", strings.Repeat("x", 20<<10))).want(431)
}

func headRefusal(ctx context.Context, c *Case) error {
	a := c.ask(ctx, "HEAD", "/conform/"+newID())
	if err := a.want(404); err != nil {
		return err
	}
	if len(a.Body) > 0 {
		return errors.New("the refusal of HEAD has a body")
	}
	// net/http reads no body after HEAD, so look at the wire for one.
	return c.nothingFollows()
}

// nothingFollows sends HEAD and then GET on one connection: what follows the
// first header must be the second answer.
func (c *Case) nothingFollows() error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	text := "HEAD /conform/none HTTP/1.1\r\nHost: conform\r\n\r\nGET /livez HTTP/1.1\r\nHost: conform\r\nConnection: close\r\n\r\n"
	all, err := exchangeAll(conn, text)
	if err != nil {
		return unseen("reading the answers: %v", err)
	}
	_, rest, _ := strings.Cut(all, "\r\n\r\n")
	if !strings.HasPrefix(rest, "HTTP/1.1 2") {
		return fmt.Errorf("after the header of HEAD's answer comes %q", clipText(rest, 40))
	}
	return nil
}

func unknownParameter(ctx context.Context, c *Case) error {
	if len(c.Settings.Pages) > 0 || c.Settings.OpenAPI == "none" {
		return skip("pages are linked to with parameters of others")
	}
	path, t, err := c.something(ctx)
	if err != nil {
		return err
	}
	a := c.ask(ctx, "GET", joined(path, "conformUnknown=1"), about(t))
	return first(a.wantProblem(422), a.blames("query.conformUnknown"))
}

// orderOfRefusals sends what is wrong in two ways at once.
func orderOfRefusals(ctx context.Context, c *Case) error {
	return first(c.orderOfCreate(ctx), c.orderOfChange(ctx))
}

func (c *Case) orderOfCreate(ctx context.Context) error {
	w := c.Settings.Create
	if w == nil || !c.hasBody(w) {
		return nil
	}
	if c.post(ctx, "", without("Idempotency-Key"), quiet()).Status != 400 {
		return nil // see I-01
	}
	if err := c.post(ctx, "", w.sends(w.spoiled()), without("Idempotency-Key")).want(400); err != nil {
		return fmt.Errorf("400 for the key comes before 422: %w", err)
	}
	a := c.post(ctx, "", jsonBody([]byte("x")), without("Idempotency-Key"), with("Content-Type", "text/plain"))
	if err := a.want(415); err != nil {
		return fmt.Errorf("415 comes before 400 for the key: %w", err)
	}
	return nil
}

func (c *Case) orderOfChange(ctx context.Context) error {
	v, err := c.versioned(ctx)
	if err != nil {
		var none notApplicable
		if errors.As(err, &none) && c.looked > 0 {
			return nil
		}
		return err
	}
	if c.change(ctx, v, v.write.Body, quiet()).Status != 428 {
		return nil // see C-04
	}
	bad := spoiled(v.write.Body)
	if v.write.Body == nil {
		bad = nil
	}
	if err := c.change(ctx, v, bad).want(428); err != nil {
		return fmt.Errorf("428 comes before 422: %w", err)
	}
	if bad == nil {
		return nil
	}
	if err := c.change(ctx, v, bad, match(`"0-conform"`)).want(422); err != nil {
		return fmt.Errorf("422 comes before 412: %w", err)
	}
	return nil
}

// moneyAsNumber looks for a member of a write that is money, and sends it as a number.
func moneyAsNumber(ctx context.Context, c *Case) error {
	return c.eachWrite(ctx, func(w write) error {
		for name, value := range members(w.body) {
			m := object(value)
			if _, ok := m["currency"]; !ok {
				continue
			}
			return w.send(jsonBody(replaced(w.body, name, map[string]any{"amount": 12.9, "currency": m["currency"]}))).wantProblem(422)
		}
		return skip("no write of conform.json has money in it")
	})
}
