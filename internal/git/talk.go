package git

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// connection is a way to a server: HTTP or SSH.
type connection interface {
	// greet connects, and returns what the server says first.
	greet(ctx context.Context) (*packets, error)
	// ask sends a question of version 2. What was returned before is not read any more.
	ask(ctx context.Context, question []byte) (*packets, error)
	close()
}

// talk is a connection whose server has greeted.
type talk struct {
	connection
	greeting
	keeper *keeper
}

// talk lets f ask a server, within one budget of time and of bytes.
func (c *Client) talk(ctx context.Context, remote Remote, k *keeper, f func(context.Context, *talk) error) error {
	u, err := checkURL(remote.URL)
	if err == nil {
		err = c.mayAsk(u.Scheme, u.Hostname())
	}
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	err = c.connected(within, u, remote.Credentials, k, f)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("asking %s: %w", u.Hostname(), ctx.Err())
	case within.Err() != nil:
		return refuse(TimedOut, "%s does not answer within %v; the operator asks again: look at the server, and at firewalls on the way", u.Hostname(), c.timeout())
	}
	return c.explain(u.Hostname(), err)
}

func (c *Client) connected(ctx context.Context, u *url.URL, with Credentials, k *keeper, f func(context.Context, *talk) error) error {
	conn, err := c.connection(u, with)
	if err != nil {
		return err
	}
	defer conn.close()
	p, err := conn.greet(ctx)
	if err != nil {
		return err
	}
	g, err := readGreeting(p, k.keep)
	if err != nil {
		return conversational(u.Hostname(), err)
	}
	return conversational(u.Hostname(), f(ctx, &talk{conn, g, k}))
}

func (c *Client) connection(u *url.URL, with Credentials) (connection, error) {
	left := c.maxBytes()
	if u.Scheme == "ssh" {
		return c.overSSH(u, with, &left)
	}
	return c.overHTTP(u, with, &left)
}

// conversational gives a sentence to what a server says in words of its own. Before it can ask,
// a client has named nothing but a repository, so that is what an error is about.
func conversational(host string, err error) error {
	var said serverError
	if errors.As(err, &said) {
		return noRepository(host)
	}
	return err
}

// refs returns what HeadOf needs to know of a branch.
func (t *talk) refs(ctx context.Context, branch string) ([]Ref, error) {
	if !t.v2 {
		return t.greeting.refs, nil
	}
	refs, err := t.list(ctx, headRefs+branch, tagRefs)
	for _, r := range refs {
		if r.Name == headRefs+branch {
			return refs, err
		}
	}
	if err != nil {
		return nil, err
	}
	return t.list(ctx, headRefs) // for the sentence that says which branches are there
}

func (t *talk) list(ctx context.Context, prefixes ...string) ([]Ref, error) {
	p, err := t.ask(ctx, t.askRefs(prefixes...))
	if err != nil {
		return nil, err
	}
	t.keeper.others = 0
	return readRefs(p, t.keeper.keep)
}
