package git

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	service = "git-upload-pack"
	refsURL = "/info/refs"
	// mostRedirects is enough for a repository that was renamed twice.
	mostRedirects = 3
	// agent begins as Git's does: some servers answer a program that is not Git with a page for people.
	agent = "git/2.0 (emporium)"
)

// overHTTP is Git's smart HTTP. It has connections of its own, so that nothing of one source's is used for another's.
type overHTTP struct {
	client *http.Client
	base   *url.URL
	with   Credentials
	left   *int64
	body   io.ReadCloser // of the last answer
}

func (c *Client) overHTTP(u *url.URL, with Credentials, left *int64) (connection, error) {
	if with.identity != nil && !with.forHTTP() {
		return nil, refuse(InvalidCredentials, "the Secret that spec.git.secret names is for ssh, and spec.git.url is not: "+
			"add GIT_AUTH_TOKEN to the Secret, or write the URL as ssh://git@host/path.git")
	}
	roots := with.roots
	if roots == nil {
		roots = c.Roots
	}
	// No proxy of the environment: the address that is connected to would be the proxy's, whatever is behind it.
	transport := &http.Transport{
		DialContext: c.dialer(u.Hostname()).DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 64 << 10, MaxConnsPerHost: 1,
	}
	base := *u
	base.Path, base.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return &overHTTP{client: &http.Client{Transport: transport, CheckRedirect: sameHost}, base: &base, with: with, left: left}, nil
}

// sameHost follows a repository that was renamed, for reading only.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0]
	if next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host || next.URL.User != nil ||
		first.Method != http.MethodGet || len(before) > mostRedirects || !strings.HasSuffix(next.URL.Path, refsURL) {
		return errRedirect
	}
	return nil
}

func (h *overHTTP) greet(ctx context.Context) (*packets, error) {
	refs := h.base.JoinPath(refsURL)
	refs.RawQuery = "service=" + service
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, refs.String(), http.NoBody)
	if err != nil {
		return nil, errNotGit
	}
	p, at, err := h.do(r, "advertisement")
	if err != nil {
		return nil, err
	}
	at.Path, at.RawPath, at.RawQuery = strings.TrimSuffix(at.Path, refsURL), strings.TrimSuffix(at.RawPath, refsURL), ""
	h.base = at
	return p, nil
}

func (h *overHTTP) ask(ctx context.Context, question []byte) (*packets, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.base.JoinPath(service).String(), bytes.NewReader(question))
	if err != nil {
		return nil, errNotGit
	}
	r.Header.Set("Content-Type", "application/x-"+service+"-request")
	r.Header.Set("Accept", "application/x-"+service+"-result")
	p, _, err := h.do(r, "result")
	return p, err
}

// do sends a request and refuses whatever is not an answer of Git. It returns where the answer comes from, after redirects.
func (h *overHTTP) do(r *http.Request, kind string) (*packets, *url.URL, error) {
	h.free()
	r.Header.Set("User-Agent", agent)
	r.Header.Set("Git-Protocol", "version=2")
	if h.with.forHTTP() {
		r.Header.Set("Authorization", h.with.authorization)
	}
	answer, err := h.client.Do(r) //nolint:bodyclose // free closes it, at the next request or the end
	if err != nil {
		return nil, nil, err
	}
	h.body = answer.Body
	if answer.StatusCode != http.StatusOK {
		return nil, nil, meaning(h.base.Hostname(), answer.StatusCode, h.with)
	}
	if answer.Header.Get("Content-Type") != "application/x-"+service+"-"+kind {
		return nil, nil, errNotGit
	}
	at := *answer.Request.URL
	return newPackets(budget{h.body, h.left}), &at, nil
}

// restOfAnswer is what may follow the last packet of an answer: the end of a chunked body.
const restOfAnswer = 512

// free ends the last answer. One that was read to its end leaves its connection to the next question.
func (h *overHTTP) free() {
	if h.body != nil {
		_, _ = io.CopyN(io.Discard, h.body, restOfAnswer)
		h.body.Close()
		h.body = nil
	}
}

func (h *overHTTP) close() {
	h.free()
	h.client.CloseIdleConnections()
}
