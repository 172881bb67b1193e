package invoicing

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

const xmlType = "application/xml"

// form is a way in which a document is handed out that is no JSON.
type form func(Stored) (mediaType, name string, text []byte, err error)

// ubl is the document byte for byte as it was issued.
func ubl(s Stored) (string, string, []byte, error) {
	return xmlType, s.Number + ".xml", []byte(s.UBL), nil
}

func printed(s Stored) (string, string, []byte, error) {
	text, err := s.Page()
	return "text/html; charset=utf-8", "", text, err
}

// file answers a document in a form; read decides whether it is shown.
func (a *api) file(read func(context.Context, uuid.UUID, Shown) (Stored, error), as form) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := a.answer(w.Header(), r, read, as)
		if err != nil {
			httpapi.Refuse(w, r, err)
			return
		}
		_, _ = w.Write(text) // the client is gone: nobody to tell
	}
}

func (a *api) answer(h http.Header, r *http.Request, read func(context.Context, uuid.UUID, Shown) (Stored, error), as form) ([]byte, error) {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return nil, fault.InvalidParameter("path.id", "It is no UUID.")
	}
	s, err := read(r.Context(), id, Shown{r.URL.Query().Get("token"), r.Header.Get("X-Order-Token")})
	if err != nil {
		return nil, err
	}
	mediaType, name, text, err := as(s)
	if err != nil {
		return nil, err
	}
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "private, no-store")                                       // it holds an address
	h.Set("Referrer-Policy", "no-referrer")                                           // and its own address may hold a token
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'") // text that customers wrote runs nothing
	if name != "" {
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	return text, nil
}
