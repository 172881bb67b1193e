package git

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"
)

const (
	defaultTimeout  = 20 * time.Second
	defaultMaxBytes = 4 << 20 // 60,000 refs; in version 2 only tags and one branch are sent
)

// Client asks Git servers. Its zero value asks any host by https and ssh but those that are special.
type Client struct {
	// Hosts are the only ones that are asked: names, addresses, or *.name for all below it. A host that is
	// named itself may be anywhere, one by a pattern or by an empty list not at Forbidden or special
	// addresses (loopback, link-local, metadata of clouds, 198.18.0.0/15). Unset: any host. CheckHosts checks.
	Hosts []string
	// InsecureHosts are asked by http too, as Hosts are written, and need not be in Hosts. Unset: none.
	InsecureHosts []string
	// Forbidden are addresses that are not asked either, e.g. that of the Kubernetes API. Unset: none.
	Forbidden []netip.Prefix
	// Timeout is for all of one question, from looking up the name on. Unset: 20 s.
	Timeout time.Duration
	// MaxBytes is how much of a server's answers one question reads. Unset: 4 MiB.
	MaxBytes int64
	// Roots are trusted where a Secret has no ca.crt. Unset: the system's.
	Roots *x509.CertPool
}

func (c *Client) maxBytes() int64 {
	if c.MaxBytes > 0 {
		return c.MaxBytes
	}
	return defaultMaxBytes
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return defaultTimeout
}

// Head returns what the remote's branch says. Errors are of type *Error, but that of a canceled ctx.
func (c *Client) Head(ctx context.Context, remote Remote) (Head, error) {
	if err := checkBranch(remote.Branch); err != nil {
		return Head{}, err
	}
	var head Head
	err := c.talk(ctx, remote, &keeper{branch: remote.Branch}, func(ctx context.Context, t *talk) error {
		refs, err := t.refs(ctx, remote.Branch)
		if err == nil {
			head, err = HeadOf(refs, remote.Branch)
		}
		return err
	})
	return head, err
}

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
