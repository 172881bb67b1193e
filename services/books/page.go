package books

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"
)

// How the page of staff looks.

const (
	// mostShown bounds the violations and the checkouts of the page.
	mostShown = 100
	// retryAfter is in seconds.
	retryAfter = 5
	// leastReason and mostReason are characters, as the API has them.
	leastReason, mostReason = 3, 500
)

//go:embed templates
var files embed.FS

//go:embed templates/staff.css
var css string

// pages are the views. A template that is wrong ends the program at its start, and every test.
var pages = func() map[string]*template.Template {
	functions := template.FuncMap{"mend": mend, "stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }, "clock": clocked, "age": age, "says": says}
	all := map[string]*template.Template{}
	for _, name := range []string{"books", "signin", "sorry"} {
		all[name] = template.Must(template.New(name).Funcs(functions).ParseFS(files, "templates/layout.html", "templates/"+name+".html"))
	}
	return all
}()

// contentPolicy lets a page load nothing but its own style, and send forms to us alone.
var contentPolicy = func() string {
	sum := sha256.Sum256([]byte(css))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// view is what the layout shows around Body.
type view struct {
	Title string
	// Problem marks a page that says what is wrong, SignedIn one that has the button to sign out.
	Problem, SignedIn bool
	Shop              string
	CSS               template.CSS
	Body              any
}

// standing is how the books stand, for the page.
type standing struct {
	Status     statusBody
	Violations []Found
	// More tells that there are more violations than are shown.
	More     bool
	Troubles []Trouble
	// Unknown is who did not say which checkouts are in trouble; empty where that is known.
	Unknown string
	Typed   typed
	// Accepts tells whether who looks may accept a violation.
	Accepts bool
	Now     time.Time
}

// Heading is the page's, in words: whether they balance.
func (s standing) Heading() string {
	switch {
	case s.Status.Balanced:
		return "The books balance"
	case s.Status.Open > 0:
		return "The books do not balance"
	}
	return "The books are not compared yet"
}

// Mood is the class of the heading.
func (s standing) Mood() string {
	switch {
	case s.Status.Balanced:
		return "good"
	case s.Status.Open > 0:
		return "bad"
	}
	return "waits"
}

// State is what a rule's row says.
func (s standing) State(r ruleBody) string {
	switch {
	case r.Open == 1:
		return "1 violation"
	case r.Open > 1:
		return fmt.Sprintf("%d violations", r.Open)
	case s.Status.ComparedAt.IsZero() || !s.Status.Complete:
		return "not compared yet"
	}
	return "holds"
}

// Late tells that nobody has compared for a while: what the page says is old.
func (s standing) Late() bool {
	return !s.Status.ComparedAt.IsZero() && s.Now.Sub(s.Status.ComparedAt) > late
}

// late is how old a comparison may be; rounds are seconds apart.
const late = 5 * time.Minute

// says is a rule's sentence. One that an older release knew has none.
func says(name string) string {
	r, _ := rule(name)
	return r.Says
}

// clocked is a moment, for people.
func clocked(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// age is how long ago something was, for people.
func age(now, then time.Time) string {
	d := max(0, now.Sub(then))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}

// show writes a page when it is complete: half of one cannot be turned into an error any more.
func (d *desk) show(w http.ResponseWriter, r *http.Request, code int, name string, v view) {
	v.Shop, v.CSS = d.shop, template.CSS(css) //nolint:gosec // our own file
	var out bytes.Buffer
	if err := pages[name].ExecuteTemplate(&out, "layout", v); err != nil {
		slog.ErrorContext(r.Context(), "rendering a page", "page", name, "error", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff",
		// Nobody keeps it: it is for who is signed in.
		"Cache-Control": "private, no-store", "Vary": "Cookie",
		// Not "no-referrer": browsers then send "Origin: null" with our own forms.
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	} {
		h.Set(name, value)
	}
	if secure(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	w.WriteHeader(code)
	_, _ = w.Write(out.Bytes()) // the client is gone: nobody to tell
}
