package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

var errClear = errors.New("plain HTTP to a host that is not named for it")

// onlyTLS speaks plain HTTP to the named hosts alone; the library would to any private address.
type onlyTLS struct {
	http.RoundTripper
	except []string
}

func (t onlyTLS) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !slices.Contains(t.except, r.URL.Host) {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, errClear
	}
	return t.RoundTripper.RoundTrip(r)
}

// transientCodes are answers that a moment later may be others.
var transientCodes = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// transient tells what is worth another try: not a refusal, a full disk, or a certificate.
func transient(err error) bool {
	var answer *transport.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &answer):
		return slices.Contains(transientCodes, answer.StatusCode) && !full(answer)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNREFUSED):
		return true
	}
	return errors.As(err, &network) && network.Timeout()
}

// full: distribution, whose disk is, answers 500 as for anything, and says in the detail what it met.
func full(answer *transport.Error) bool {
	return answer.StatusCode == http.StatusInsufficientStorage || slices.ContainsFunc(answer.Errors, func(d transport.Diagnostic) bool {
		detail, is := d.Detail.(string)
		return is && strings.Contains(detail, syscall.ENOSPC.Error())
	})
}

// plainly says why an image was not pushed, in a sentence of ours that is the same on every try: it ends
// in a status, and what a registry answers is anybody's text.
func (p *pusher) plainly(ctx context.Context, err error) error {
	host, _, _ := strings.Cut(p.repository, "/")
	var answer *transport.Error
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("registry %s did not take the image within %s; --timeout may be longer", host, p.timeout)
	case errors.Is(err, context.Canceled):
		return errors.New("it was stopped before the image was pushed")
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the layout %s is not complete: a blob is missing", p.layout)
	case errors.As(err, &answer):
		return fmt.Errorf("registry %s %s", host, p.meaning(answer))
	case errors.As(err, &certificate):
		return fmt.Errorf("registry %s has a certificate that is not trusted; SSL_CERT_FILE may name its authority's", host)
	case errors.As(err, &lookup):
		return fmt.Errorf("registry %s has a name that cannot be looked up", host)
	case errors.Is(err, errClear), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("registry %s has no TLS; --plain-http=%s lets it do without", host, host)
	}
	if errors.As(err, &network) && network.Timeout() {
		return fmt.Errorf("registry %s did not answer within %s, %d times", host, p.silence, tries)
	}
	return fmt.Errorf("registry %s cannot be reached, or ended the connection, %d times", host, tries)
}

func (p *pusher) meaning(answer *transport.Error) string {
	repository, code := p.tag.RepositoryStr(), answer.StatusCode
	switch {
	case (code == http.StatusUnauthorized || code == http.StatusForbidden) && p.anonymous():
		return fmt.Sprintf("wants credentials for %s (%d), and the push secret has none for it", repository, code)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Sprintf("does not let the push secret's user push to %s (%d)", repository, code)
	case code == http.StatusNotFound:
		return fmt.Sprintf("has no repository %s, and makes none (404)", repository)
	case code == http.StatusMethodNotAllowed:
		return "takes no images: it is read-only (405)"
	case code == http.StatusConflict:
		return fmt.Sprintf("has the tag %s and does not let it name another image (409)", p.tag.TagStr())
	case code == http.StatusRequestEntityTooLarge:
		return "does not take a layer of that size (413)"
	case full(answer):
		return fmt.Sprintf("is full (%d)", code)
	case code == http.StatusBadRequest:
		return "does not take the image as it is (400): a blob or a manifest of the layout is not what its digest says, or is of a kind that the registry does not know"
	case slices.Contains(transientCodes, code):
		return fmt.Sprintf("answers %d, %d times", code, tries)
	}
	return fmt.Sprintf("answers %d", code)
}
