package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
)

func idempotencyRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "I-01", Title: "400: a POST without Idempotency-Key", Level: Must, Modes: local, check: keyIsMissing},
		{ID: "I-02", Title: "422: a key that could be guessed or met by chance", Level: Must, Modes: local, check: keyIsShort},
		{ID: "I-03", Title: "The same key and body get the first answer, byte for byte, with Idempotent-Replayed", Level: Must, Modes: local, check: replayIsEqual},
		{ID: "I-04", Title: "422: the same key with another body", Level: Must, Modes: local, check: keyWithAnotherBody},
		{ID: "I-05", Title: "The same JSON in other spaces and order is the same body", Level: Must, Modes: local, check: sameJSONIsTheSame},
		{ID: "I-06", Title: "A key belongs to its route", Level: Must, Modes: local, check: keyOfAnotherRoute},
		{ID: "I-07", Title: "A key belongs to its caller: nobody else sees the answer", Level: Must, Modes: local, check: keyOfAnotherCaller},
		{ID: "I-08", Title: "At once, one has the effect; the others get its answer, or 409 with Retry-After", Level: Must, Modes: local, check: keyAtOnce},
		{ID: "I-09", Title: "A refused request leaves its key unused", Level: Must, Modes: local, check: refusedKeyIsFree},
		{ID: "I-10", Title: "The quoted form of a key is the same key", Level: Must, Modes: local, check: quotedKey},
	}
}

func (c *Case) hasCreate() error {
	if c.Settings.Create == nil {
		return skip("conform.json has no create")
	}
	return nil
}

func keyIsMissing(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	a := c.post(ctx, "", without("Idempotency-Key"))
	return first(a.wantProblem(400), a.blames("header.Idempotency-Key"))
}

func keyIsShort(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	for _, key := range []string{"1", "order-2026-1"} {
		a := c.post(ctx, key)
		if err := first(a.wantProblem(422), a.blames("header.Idempotency-Key")); err != nil {
			return fmt.Errorf("with the key %q: %w", key, err)
		}
	}
	return nil
}

// madeOnce posts with a key that is returned.
func (c *Case) madeOnce(ctx context.Context, options ...option) (string, *Answer, error) {
	if err := c.hasCreate(); err != nil {
		return "", nil, err
	}
	key := newID()
	a := c.post(ctx, key, options...)
	if a.Err != nil || a.Status/100 != 2 {
		return "", nil, unseen("create does not work: %d %s", a.Status, clip(a.Body))
	}
	return key, a, nil
}

// same wants the first answer again.
func same(one, again *Answer) error {
	switch {
	case again.Err != nil:
		return again.Err
	case again.Status != one.Status:
		return fmt.Errorf("the first answer was %d, the replay is %d", one.Status, again.Status)
	case !bytes.Equal(again.Body, one.Body):
		return errors.New("the replay has another body")
	}
	for _, name := range []string{"ETag", "Location", "Content-Type"} {
		if o, a := one.Header.Get(name), again.Header.Get(name); o != a {
			return fmt.Errorf("%s was %q, in the replay it is %q", name, o, a)
		}
	}
	return nil
}

func replayIsEqual(ctx context.Context, c *Case) error {
	key, one, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	if one.Header.Get("Idempotent-Replayed") != "" {
		return errors.New("the first answer says that it is a replay")
	}
	again := c.post(ctx, key)
	if err := same(one, again); err != nil {
		return err
	}
	if again.Header.Get("Idempotent-Replayed") != "true" {
		return fmt.Errorf("Idempotent-Replayed is %q", again.Header.Get("Idempotent-Replayed"))
	}
	return nil
}

// other is a valid body of create that means something else.
func (c *Case) other() (json.RawMessage, error) {
	if c.Settings.Create != nil && c.Settings.Create.Other != nil {
		return c.Settings.Create.Other, nil
	}
	return nil, skip("create in conform.json has no other body")
}

func keyWithAnotherBody(ctx context.Context, c *Case) error {
	other, err := c.other()
	if err != nil {
		return err
	}
	key, _, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	return c.post(ctx, key, c.Settings.Create.sends(other)).wantProblem(422, "idempotency-mismatch")
}

// sameJSONIsTheSame sends the body as encoding/json would not write it.
func sameJSONIsTheSame(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	if len(members(c.Settings.Create.Body)) == 0 {
		return skip("the body of create has no member")
	}
	key, one, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	return same(one, c.post(ctx, key, jsonBody(reordered(c.Settings.Create.Body))))
}

// reordered writes the members the other way round, with spaces between.
func reordered(body []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(body))
	_, _ = dec.Token() // the brace: it was an object before
	var parts [][]byte
	for dec.More() {
		name, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return body
		}
		parts = append(parts, fmt.Appendf(nil, "%s :  %s", text(name), value))
	}
	var out bytes.Buffer
	out.WriteString("{\n")
	for n := range parts {
		if n > 0 {
			out.WriteString(" ,\n")
		}
		out.Write(parts[len(parts)-1-n])
	}
	out.WriteString(" }")
	return out.Bytes()
}

func keyOfAnotherRoute(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	if c.doc == nil {
		return skip("it has no description")
	}
	key, one, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	t := c.made(one)
	for _, op := range c.doc.ops {
		if _, keyed := op.param("header", "Idempotency-Key"); !keyed || op.method != "POST" || op.path == c.Settings.Create.path() {
			continue
		}
		path, ok := c.pathBelow(op, t)
		if !ok {
			continue
		}
		a := c.ask(ctx, "POST", path, about(t), jsonBody([]byte("{}")), withKey(key))
		if a.wantProblem(422, "idempotency-mismatch") == nil {
			return fmt.Errorf("POST %s with the key of another route is said to be a repetition of that", path)
		}
		if a.Header.Get("Idempotent-Replayed") != "" || bytes.Equal(a.Body, one.Body) {
			return fmt.Errorf("POST %s with the key of another route gets that one's answer", path)
		}
		return nil
	}
	return skip("there is no second POST with a key that can be reached")
}

// pathBelow fills the parameters of an operation's path in from a thing's own path.
func (c *Case) pathBelow(op *operation, t *thing) (string, bool) {
	created := splitPath(t.path)
	out := ""
	for n, s := range op.segments {
		switch {
		case n < len(created) && (s == created[n] || s[:min(1, len(s))] == "{"):
			out += "/" + created[n]
		case s == "" || s[0] != '{':
			out += "/" + s
		default:
			return "", false
		}
	}
	return out[1:], true
}

func keyOfAnotherCaller(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	op := c.doc.find("POST", c.Settings.Create.path())
	if op == nil {
		return skip("create is not in the description")
	}
	if scheme, _ := op.requirement(); scheme != "customer" {
		return skip("create is not a customer's: nobody else is a caller of his own")
	}
	key, one, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	a := c.post(ctx, key, token(c.auth.sign(newKey, c.auth.customer("customer-2"))))
	if a.Err != nil {
		return a.Err
	}
	if a.Header.Get("Idempotent-Replayed") != "" || bytes.Equal(a.Body, one.Body) {
		return errors.New("another customer with the same key gets the first one's answer")
	}
	return nil
}

const crowd = 8

func keyAtOnce(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	key, answers := newID(), make([]*Answer, crowd)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() { answers[n] = c.post(ctx, key, quiet()) })
	}
	all.Wait()
	var one *Answer
	for _, a := range answers {
		c.keep(a)
		if a.Status == http.StatusConflict {
			if a.Header.Get("Retry-After") == "" {
				return errors.New("409 in flight has no Retry-After")
			}
			continue
		}
		if a.Err != nil || a.Status/100 != 2 {
			return fmt.Errorf("%d at once with one key: want 2xx or 409, got %s", crowd, a.outcome())
		}
		if one != nil && !bytes.Equal(one.Body, a.Body) {
			return fmt.Errorf("%d at once with one key made more than one thing", crowd)
		}
		one = a
	}
	if one == nil {
		return errors.New("nobody of all at once got through")
	}
	return nil
}

func refusedKeyIsFree(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	if !c.hasBody(c.Settings.Create) {
		return skip("create takes no body that could be wrong")
	}
	key := newID()
	a := c.post(ctx, key, c.Settings.Create.sends(c.Settings.Create.spoiled()))
	if a.Status != 422 {
		return unseen("a wrong body is not refused: see E-06, E-07")
	}
	return c.post(ctx, key).want(200, 201)
}

func quotedKey(ctx context.Context, c *Case) error {
	key, one, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	return same(one, c.post(ctx, `"`+key+`"`))
}
