package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// HTTP asks over HTTP. Each request has a connection of its own, as a new customer's has:
// a kept one would only tell of the proxy that it leads to.
type HTTP struct{}

// Ask returns the release that answers at the entrance.
func (HTTP) Ask(ctx context.Context, e Entrance) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, e.URL, nil)
	if err != nil {
		return "", fmt.Errorf("%s is no address that can be asked", e.URL)
	}
	req.Host = e.Host
	req.Header.Set("User-Agent", "emporium-probe")
	client := &http.Client{Transport: transport(e.Host), CheckRedirect: asItIs}
	res, err := client.Do(req)
	if err != nil {
		return "", plainly(e.URL, err)
	}
	defer res.Body.Close()
	release := res.Header.Get(frontdoor.HeaderRelease)
	if release == "" {
		return "", fmt.Errorf("%s answers %d without %s, so it is not the shop that answers there; spec.frontDoor.gatewayAPI.probeAddress names another address to ask",
			e.URL, res.StatusCode, frontdoor.HeaderRelease)
	}
	return release, nil
}

func transport(host string) *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true,
		// The certificate is the cluster's business, and may be for names that only the outside has:
		// what is asked is which release answers.
		TLSClientConfig: &tls.Config{ServerName: host, InsecureSkipVerify: true},
	}
}

func asItIs(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// plainly leaves out what differs from one retry to the next, like the port that the request came from.
func plainly(url string, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not answer the operator within %s", url, deadline)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s refuses the operator's connections", url)
	}
	return fmt.Errorf("%s cannot be reached by the operator", url)
}
