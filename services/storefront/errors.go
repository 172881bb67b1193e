// Pages for what went wrong, in words for visitors.
package storefront

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// retryAfter is how many seconds a visitor is asked to wait when a service is
// away: about as long as Kubernetes takes to replace a pod's endpoint.
const retryAfter = 5

type apology struct {
	Code           int
	Heading, Words string
	Retry          string // where to try again; empty when that would not help
	// Resend sends the visitor's form again, with what was typed into it.
	Resend *resend
}

type resend struct{ Action, SKU, Quantity string }

var apologies = map[int]apology{
	http.StatusBadRequest:            {Heading: "We did not understand that", Words: "Something in the address or the form is not as it should be."},
	http.StatusForbidden:             {Heading: "That came from another site", Words: "For your safety we accept forms from our own pages only."},
	http.StatusNotFound:              {Heading: "We could not find that", Words: "The page or product you are looking for is not here. It may have been sold out and taken away."},
	http.StatusMethodNotAllowed:      {Heading: "That is not possible here", Words: "This page cannot be used that way."},
	http.StatusRequestEntityTooLarge: {Heading: "That was too much at once", Words: "The form is larger than we accept."},
	http.StatusNotAcceptable:         {Heading: "We have only pages here", Words: "Your browser asked for something that this address does not have."},
	http.StatusUnsupportedMediaType:  {Heading: "We did not understand that", Words: "We accept plain forms only."},
	http.StatusInternalServerError:   {Heading: "Something went wrong", Words: "That is our fault, not yours. Please try again."},
	http.StatusServiceUnavailable:    {Heading: "We will be right back", Words: "A part of the shop is not answering at the moment. Your cart is safe; please try again in a few seconds."},
}

func (s *shop) fail(w http.ResponseWriter, r *http.Request, code int) {
	sorry, written := apologies[code]
	if !written {
		sorry = apologies[http.StatusBadRequest]
	}
	sorry.Code = code
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		switch {
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			sorry.Retry = r.URL.RequestURI()
		case strings.HasPrefix(r.URL.Path, checkoutPath+"/"): // what was typed is kept
			sorry.Retry = reviewPath
		case strings.HasPrefix(r.URL.Path, accountPath+"/") && r.URL.Path != signInPath: // most of its forms have no page of their own
			sorry.Retry = accountPath
		case !strings.HasPrefix(r.URL.Path, "/cart/"):
			sorry.Retry = r.URL.Path
		case r.PostForm != nil:
			sorry.Resend = &resend{r.URL.Path, r.PostForm.Get("sku"), r.PostForm.Get("quantity")}
		default: // refused before it was read
			sorry.Retry = "/cart"
		}
	}
	s.render(w, r, code, "error", page{Title: s.say(r, sorry.Heading), Unlisted: true, Body: sorry})
}

// failed shows the page for an error of another service.
func (s *shop) failed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		httpapi.Refuse(w, r, err) // the visitor left: noted, and read by nobody
		return
	}
	code := codeFor(status(err))
	if code == http.StatusServiceUnavailable {
		s.log.WarnContext(r.Context(), "asking another service", "error", err)
	}
	s.fail(w, r, code)
}

// codeFor says what another service's refusal means to a visitor. What is
// neither the visitor's nor time's fault passes for "not available".
func codeFor(refused int) int {
	switch refused {
	case http.StatusNotFound:
		return http.StatusNotFound
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return http.StatusBadRequest
	}
	return http.StatusServiceUnavailable
}
