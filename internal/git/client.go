package git

import (
	"context"
	"crypto/x509"
	"net/netip"
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
