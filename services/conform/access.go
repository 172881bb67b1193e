package conform

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

func accessRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "A-01", Title: "401: every operation that is not public, without a token", Level: Must, Modes: local, check: withoutToken},
		{ID: "A-02", Title: "401: a token signed by a key that is none of auth's", Level: Must, Modes: local, check: foreignToken},
		{ID: "A-03", Title: "401: a token that has expired, or that never does", Level: Must, Modes: local, check: expiredToken},
		{ID: "A-04", Title: "401: a token of algorithm none, or HS256 with the public key", Level: Must, Modes: local, check: forgedAlgorithm},
		{ID: "A-05", Title: "401: a token of another issuer, or for another shop", Level: Must, Modes: local, check: tokenForOthers},
		{ID: "A-06", Title: "403: a caller of another kind, or without the scope", Level: Must, Modes: local, check: wrongScope},
		{ID: "A-07", Title: "Tokens of the old key and of the new one are taken", Level: Must, Modes: local, check: bothKeys},
		{ID: "A-08", Title: "401 comes before 404, 415, 428 and 422", Level: Must, Modes: local, check: tokenComesFirst},
		{ID: "A-09", Title: "A public operation does not look at Authorization", Level: Must, Modes: local, check: publicIgnoresTokens},
		{ID: "A-10", Title: "401: a service's key signs for that service alone", Level: Must, Modes: local, check: serviceKeyForOthers},
	}
}

// guarded are the operations that a token is asked for, with a path that can be sent.
func (c *Case) guarded() ([]*operation, error) {
	if c.doc == nil {
		return nil, skip("it has no description")
	}
	var out []*operation
	for _, op := range c.doc.ops {
		scheme, _ := op.requirement()
		if _, anybody := op.alternatives(); scheme != "" && scheme != "owner" && !anybody {
			out = append(out, op)
		}
	}
	if len(out) == 0 {
		return nil, skip("no operation asks for a token")
	}
	return out, nil
}

// concrete is the operation's path with parameters filled in.
func (o *operation) concrete() string {
	out := make([]string, len(o.segments))
	for n, s := range o.segments {
		out[n] = s
		if strings.HasPrefix(s, "{") {
			out[n] = sampleFormats["uuid"]
		}
	}
	return strings.Join(out, "/")
}

// try sends an operation's request with the Authorization, "" for none; the
// body is the settings' where they have one, so that nothing else is wrong.
func (c *Case) try(ctx context.Context, op *operation, authorization string) *Answer {
	o := []option{anonymous(), withKey(newID()), match(`"1-conform"`)}
	if authorization != "" {
		o = append(o, with("Authorization", authorization))
	}
	if op.node["requestBody"] != nil {
		o = append(o, jsonBody(c.bodyOf(op)))
	}
	return c.ask(ctx, op.method, op.concrete(), o...)
}

func (c *Case) bodyOf(op *operation) []byte {
	for _, w := range []*Write{c.Settings.Create, c.Settings.Change} {
		if w != nil && w.Body != nil && w.method() == op.method && op.matches(splitPath(placeholder.Replace(w.path()))) {
			return w.Body
		}
	}
	for _, at := range c.doc.requestMedia(op) {
		if value, err := c.doc.sample(at, nil); err == nil {
			return []byte(text(value))
		}
	}
	return []byte("{}")
}

var placeholder = strings.NewReplacer("{created}", "/x")

func splitPath(path string) []string { return strings.Split(path, "/") }

// refusedFor wants every guarded operation to refuse what given returns for it.
func (c *Case) refusedFor(ctx context.Context, status int, given func(kid string, who claims) []string) error {
	ops, err := c.guarded()
	if err != nil {
		return err
	}
	for _, op := range ops {
		scheme, names := op.requirement()
		for _, authorization := range given(c.caller(scheme, names)) {
			a := c.try(ctx, op, authorization)
			if err := a.wantProblem(status); err != nil {
				return err
			}
			if status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
				return fmt.Errorf("%s: 401 has WWW-Authenticate %q", op.name(), a.Header.Get("WWW-Authenticate"))
			}
		}
	}
	return nil
}

func withoutToken(ctx context.Context, c *Case) error {
	return c.refusedFor(ctx, 401, func(string, claims) []string { return []string{"", "Basic Y29uZm9ybTpjb25mb3Jt", "Bearer"} })
}

func foreignToken(ctx context.Context, c *Case) error {
	return c.refusedFor(ctx, 401, func(kid string, who claims) []string {
		foreign := newIssuer(shopName, stranger)
		foreign.keys[kid] = foreign.keys[serviceKey(stranger)] // the kid is known, the key is not
		foreign.keys["../../dev/null"] = foreign.keys[newKey]
		good := c.auth.sign(kid, who)
		return []string{"Bearer " + foreign.sign(kid, who), "Bearer " + foreign.sign("../../dev/null", who), "Bearer " + flipped(good)}
	})
}

// flipped changes one character of the signature's middle.
func flipped(token string) string {
	b := []byte(token)
	n := len(b) - 20
	if b[n] == 'A' {
		b[n] = 'B'
	} else {
		b[n] = 'A'
	}
	return string(b)
}

// changed copies the claims with other ones; nil takes one out.
func (c claims) with(name string, value any) claims {
	out := claims{}
	for n, v := range c {
		out[n] = v
	}
	out[name] = value
	if value == nil {
		delete(out, name)
	}
	return out
}

func expiredToken(ctx context.Context, c *Case) error {
	past := time.Now().Add(-2 * time.Minute).Unix()
	return c.refusedFor(ctx, 401, func(kid string, who claims) []string {
		future := time.Now().Add(2 * time.Minute).Unix()
		return []string{
			"Bearer " + c.auth.sign(kid, who.with("exp", past)), "Bearer " + c.auth.sign(kid, who.with("exp", nil)),
			"Bearer " + c.auth.sign(kid, who.with("nbf", future)),
		}
	})
}

func forgedAlgorithm(ctx context.Context, c *Case) error {
	return c.refusedFor(ctx, 401, func(kid string, who claims) []string {
		return []string{"Bearer " + unsigned(kid, who), "Bearer " + c.auth.confused(kid, who)}
	})
}

func tokenForOthers(ctx context.Context, c *Case) error {
	return c.refusedFor(ctx, 401, func(kid string, who claims) []string {
		return []string{"Bearer " + c.auth.sign(kid, who.with("aud", "another-shop")), "Bearer " + c.auth.sign(kid, who.with("iss", "https://example.org"))}
	})
}

func wrongScope(ctx context.Context, c *Case) error {
	ops, err := c.guarded()
	if err != nil {
		return err
	}
	for _, op := range ops {
		for _, authorization := range c.strangers(op) {
			if err := c.try(ctx, op, authorization).wantProblem(403); err != nil {
				return err
			}
		}
	}
	return nil
}

// strangers are valid tokens of callers whom the operation does not name.
func (c *Case) strangers(op *operation) []string {
	all, _ := op.alternatives()
	out := []string{c.auth.sign(newKey, c.auth.staff("conform:nothing")), c.auth.sign(serviceKey(stranger), c.auth.service(stranger))}
	if !slices.ContainsFunc(all, func(way alternative) bool { return way.scheme == "customer" }) {
		out = append(out, c.auth.sign(newKey, c.auth.customer("customer-1")))
	}
	for n := range out {
		out[n] = "Bearer " + out[n]
	}
	return out
}

func bothKeys(ctx context.Context, c *Case) error {
	ops, err := c.guarded()
	if err != nil {
		return err
	}
	decided := false
	for _, op := range ops {
		scheme, names := op.requirement()
		if scheme == "service" {
			continue // a service has a key of its own
		}
		decided = true
		_, who := c.caller(scheme, names)
		for _, kid := range []string{oldKey, newKey} {
			if a := c.try(ctx, op, "Bearer "+c.auth.sign(kid, who)); a.Err != nil || a.is(401, 403) {
				return fmt.Errorf("%s: a token of key %s gets %d", op.name(), kid, a.Status)
			}
		}
	}
	if !decided {
		return skip("no operation is for customers or staff")
	}
	return nil
}

func tokenComesFirst(ctx context.Context, c *Case) error {
	ops, err := c.guarded()
	if err != nil {
		return err
	}
	for _, op := range ops {
		o := []option{anonymous()}
		if op.node["requestBody"] != nil {
			o = append(o, jsonBody([]byte("{")), with("Content-Type", "text/plain"))
		}
		if err := c.ask(ctx, op.method, op.concrete(), o...).want(401); err != nil {
			return err
		}
	}
	return nil
}

func publicIgnoresTokens(ctx context.Context, c *Case) error {
	if c.doc == nil {
		return skip("it has no description")
	}
	path, t, err := c.something(ctx)
	if err != nil {
		return err
	}
	op := c.doc.find("GET", path)
	if op == nil {
		return skip("what can be read is not in the description")
	}
	if public, _ := op.public(); !public {
		return skip("what can be read is not public")
	}
	return c.ask(ctx, "GET", path, about(t), with("Authorization", "Bearer conform")).want(200)
}

// serviceKeyForOthers signs with a service's key for staff, for a customer, and for another service.
func serviceKeyForOthers(ctx context.Context, c *Case) error {
	own := serviceKey(c.Settings.Service)
	return c.refusedFor(ctx, 401, func(_ string, who claims) []string {
		mine := who.with("iss", "service/"+c.Settings.Service)
		if who["sub"] == c.Settings.Service {
			return nil
		}
		return []string{"Bearer " + c.auth.sign(own, who), "Bearer " + c.auth.sign(own, mine)}
	})
}
