package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Ask asks a proxy as a customer who uses a host name. It returns the release that answers, or the status where none does.
func Ask(ctx context.Context, url, host string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", host, err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", host, err)
	}
	defer res.Body.Close()
	if release := res.Header.Get(frontdoor.HeaderRelease); release != "" {
		return release, nil
	}
	return strconv.Itoa(res.StatusCode), nil
}
