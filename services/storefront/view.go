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

// parse gives each page a copy of the layout, so that each can define "main".
func parse(code, locale string, pictures *photos) map[string]*template.Template {
	shown := template.FuncMap{"price": func(m money) string { return m.in(locale) }, "wrong": flaws.Of, "shot": pictures.shotOf, "t": speeches[code], "told": told(code),
		"place": addressed(code), "date": date(code), "moment": moment(code), "decimal": decimal(code)}
	layout := template.Must(template.New("").Funcs(shown).ParseFS(templates, "templates/layout.html", "templates/parts.html"))
	pages := map[string]*template.Template{}
	for _, name := range append(accountViews, "home", "product", "cart", "text", "content", "error", "checkout", "review", "working", "order", "return", "find", "search", "suggestions") {
		pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(templates, "templates/"+name+".html"))
	}
	return pages
}

// page is what the layout shows around Body.
type page struct {
	Title string
	// Problem marks a page that shows what is wrong with a form.
	Problem bool
	// Query and Category stand in the search form.
	Query, Category string
	Count           int // things in the cart; 0 shows no number
	// Path is the page's own address, About a sentence on it, Picture a path: for
	// search engines and previews of links.
	Path, About, Picture string
	// Unlisted pages are for one visitor, or for one moment.
	Unlisted bool
	// Personal pages are kept by nobody, not even the browser; Secret ones have an address that is told to nobody.
	Personal, Secret bool
	Body             any
}

type framed struct {
	page
	Shop, Release, Version, CSS, Origin, Note, Delivery string
	Texts                                               []text
	// Sells tells whether there are orders to be found.
	Sells bool
	// Search is where the search form leads.
	Search string
	visitor
	// Lang is the language of the page, Versions are it in all, Plain is its address for whoever has not chosen one.
	Lang, Plain string
	Versions    []version
}

// render writes the page only when it is complete: half a page cannot be
// turned into an error any more.
func (s *shop) render(w http.ResponseWriter, r *http.Request, code int, view string, p page) {
	var out bytes.Buffer
	s.photos.look(r.Context())
	s.contents.look(r.Context())
	spoken := s.languageIn(r)
	f := framed{p, s.name, s.release, s.version, "/static/" + cssName, origin(r), s.note, s.delivery(), s.foot(spoken), s.orders.api != nil, s.searchForm(), s.visitor(r), spoken, p.Path, nil}
	here := back(r, code, p)
	if p.Unlisted {
		p.Path = ""
	}
	f.Versions = s.versions(here, p.Path)
	if f.Path != "" {
		f.Path = s.prefixed(spoken, f.Path)
	}
	if err := s.views[spoken][view].ExecuteTemplate(&out, "layout", f); err != nil {
		s.log.ErrorContext(r.Context(), "rendering a page", "view", view, "error", err)
		http.Error(w, "This page could not be shown.", http.StatusInternalServerError)
		return
	}
	guard(w.Header(), secure(r))
	if p.Personal {
		w.Header().Set("Cache-Control", "private, no-store")
	}
	if p.Secret {
		w.Header().Set("Referrer-Policy", "no-referrer") // it has no forms but the search
	}
	send(w, r, code, s.inside(spoken, out.Bytes()))
}

// searchForm is the path that finds words: search's page where the shop has that, or the list that catalog finds.
func (s *shop) searchForm() string {
	if s.searches.api == nil {
		return "/"
	}
	return searchPath
}

// guard keeps pages out of shared caches, as they show the visitor's own cart
// and must not outlive their release, and limits what a page may load and do.
func guard(header http.Header, secure bool) {
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Vary", "Cookie, Accept-Encoding")
	header.Set("X-Content-Type-Options", "nosniff")
	// Not "no-referrer": browsers then send "Origin: null" with our own forms.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	// A page that opened ours, or that ours opens, has no hold on it.
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if secure {
		// For this host alone: others of the domain are not ours to speak for.
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
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
