package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// HTTP asks over HTTP. Each request has a connection of its own, as a new customer's has:
// a kept one would only tell of the proxy that it leads to.
type HTTP struct {
	// Anywhere lets it ask hosts that nobody's Gateway can have: the operator's own machine,
	// and what a cloud offers to each machine for itself. Shops name hosts, and are told what answers.
	Anywhere bool
}

// longestHeader bounds what an answer may cost.
const longestHeader = 16 << 10

// Ask returns the release that answers at the entrance.
func (h HTTP) Ask(ctx context.Context, e Entrance) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, e.URL, nil)
	if err != nil {
		return "", fmt.Errorf("%s is no address that can be asked", e.URL)
	}
	req.Host = e.Host
	req.Header.Set("User-Agent", "emporium-probe")
	client := &http.Client{Transport: h.transport(e.Host), CheckRedirect: asItIs}
	res, err := client.Do(req)
	if err != nil {
		return "", plainly(e.URL, err)
	}
	defer res.Body.Close()
	release := res.Header.Get(frontdoor.HeaderRelease)
	if !isRelease(release) {
		return "", fmt.Errorf("%s answers %d without a release in %s, so it is not the shop that answers there; spec.frontDoor.gatewayAPI.probeAddress names another address to ask",
			e.URL, res.StatusCode, frontdoor.HeaderRelease)
	}
	return release, nil
}

// isRelease tells a name of a release from anything else that somebody may answer: what it
// returns ends in the shop's status.
func isRelease(s string) bool { return len(validation.IsDNS1123Label(s)) == 0 }

func (h HTTP) transport(host string) *http.Transport {
	t := &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: longestHeader,
		// The certificate is the cluster's business, and may be for names that only the outside has:
		// what is asked is which release answers.
		TLSClientConfig: &tls.Config{ServerName: host, InsecureSkipVerify: true},
	}
	if !h.Anywhere {
		t.DialContext = (&net.Dialer{Control: refuseOwn}).DialContext
	}
	return t
}

var errOwn = errors.New("an address of the operator's own machine")

// refuseOwn sees the address after names are looked up: a name may lead anywhere.
func refuseOwn(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
		return errOwn
	}
	return nil
}

func asItIs(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// plainly leaves out what differs from one retry to the next, like the port that the request came from.
func plainly(url string, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s does not answer the operator within %s", url, deadline)
	case errors.Is(err, errOwn):
		return fmt.Errorf("%s leads to the operator's own machine or to a link-local address, which it does not ask unless it runs with --probe-anywhere", url)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s refuses the operator's connections", url)
	}
	return fmt.Errorf("%s cannot be reached by the operator", url)
}
