package tax

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// askRegister bounds a question: the customer waits for a quote meanwhile.
const askRegister = 600 * time.Millisecond

// register is the register of VAT numbers, by the REST API of the Union's VIES; without
// a URL every number is unchecked.
type register struct {
	url  string
	http *http.Client
}

func newRegister(url string) *register {
	return &register{strings.TrimRight(url, "/"), &http.Client{Timeout: askRegister, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// ask never fails: what is not answered is unchecked.
func (r *register) ask(ctx context.Context, n Number) Verdict {
	if r.url == "" {
		return Unchecked
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+"/ms/"+n.Prefix+"/vat/"+url.PathEscape(n.Digits), nil)
	if err != nil {
		return Unchecked
	}
	res, err := r.http.Do(req)
	if err != nil {
		slog.WarnContext(ctx, "taxing a business whose VAT number could not be checked", "country", n.Prefix, "reason", "the register does not answer")
		return Unchecked
	}
	defer res.Body.Close()
	return verdict(res)
}

// verdict reads an answer of VIES. isValid is also false where a member state is down.
func verdict(res *http.Response) Verdict {
	var said struct {
		IsValid   bool   `json:"isValid"`
		UserError string `json:"userError"`
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&said) != nil {
		return Unchecked
	}
	switch {
	case said.IsValid:
		return Registered
	case said.UserError == "INVALID":
		return NotRegistered
	}
	return Unchecked
}
