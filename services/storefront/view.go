// What all pages have in common, and how they are written.
package storefront

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed templates
var templates embed.FS

var views = parse("home", "product", "cart", "error")

// parse gives each page a copy of the layout, so that each can define "main".
func parse(names ...string) map[string]*template.Template {
	layout := template.Must(template.ParseFS(templates, "templates/layout.html"))
	pages := map[string]*template.Template{}
	for _, name := range names {
		pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(templates, "templates/"+name+".html"))
	}
	return pages
}

// page is what the layout shows around Body.
type page struct {
	Title string
	Query string // shown in the search field
	Count int    // things in the cart; 0 shows no number
	Body  any
}

type framed struct {
	page
	Shop, Release, Version, CSS string
}

// render writes the page only when it is complete: half a page cannot be
// turned into an error any more.
func (s *shop) render(w http.ResponseWriter, r *http.Request, code int, view string, p page) {
	var out bytes.Buffer
	err := views[view].ExecuteTemplate(&out, "layout", framed{p, s.name, s.release, s.version, "/static/" + cssName})
	if err != nil {
		s.log.ErrorContext(r.Context(), "rendering a page", "view", view, "error", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	guard(w.Header())
	w.WriteHeader(code)
	_, _ = out.WriteTo(w) // the client may be gone; nobody is left to tell
}

// guard keeps pages out of shared caches, as they show the visitor's own cart
// and must not outlive their release, and limits what a page may load.
func guard(header http.Header) {
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Vary", "Cookie")
	header.Set("X-Content-Type-Options", "nosniff")
	// Not "no-referrer": browsers then send "Origin: null" with our own forms.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}

// title makes a name for people from the shop's: "garden-tools" is "Garden Tools".
func title(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' })
	for i, word := range words {
		first, size := utf8.DecodeRuneInString(word)
		words[i] = string(unicode.ToUpper(first)) + word[size:]
	}
	return strings.Join(words, " ")
}
