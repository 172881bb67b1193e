package console

import (
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// problem is an answer that is no page: what happened, and the way out.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Text   string `json:"detail"`
}

var notFound = problem{http.StatusNotFound, "There is no such page", "Go to the list of shops, and on from there."}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, p problem) {
	if wantsJSON(r) && sendJSON(w, r, p.Status, p) == nil {
		return
	}
	s.show(w, r, p.Status, "problem", &page{Title: p.Title, Wrong: true, Body: p})
}

// explain says what Kubernetes answered, in its own words.
func explain(err error) problem {
	var known apierrors.APIStatus
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return tooMuch
	case apierrors.IsNotFound(err):
		return problem{http.StatusNotFound, "There is no such thing", err.Error()}
	case apierrors.IsForbidden(err):
		return problem{http.StatusForbidden, "You may not see this", err.Error()}
	case errors.As(err, &known) && known.Status().Code >= 400 && known.Status().Code < 500:
		return problem{int(known.Status().Code), "The API server refused this", err.Error()}
	}
	return problem{http.StatusBadGateway, "The API server did not answer as it should", err.Error()}
}

var tooMuch = problem{http.StatusRequestEntityTooLarge, "This is too long", "A reason has at most 256 characters."}

// form reads the form of a request; false: it could not, and said so.
func (s *Server) form(w http.ResponseWriter, r *http.Request) bool {
	err := r.ParseForm()
	switch {
	case err == nil:
		return true
	case errors.As(err, new(*http.MaxBytesError)):
		s.fail(w, r, tooMuch)
	default:
		s.fail(w, r, problem{http.StatusBadRequest, "This form could not be read", "Go back, and send it again."})
	}
	return false
}
