package desk

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"strings"
)

// How the pages of staff look.

//go:embed templates
var files embed.FS

//go:embed templates/staff.css
var css string

// signIn and sorry are templates that each Desk has.
const signIn, sorry = "signin", "sorry"

// contentPolicy lets a page load nothing but its own style, and send forms to us alone.
var contentPolicy = func() string {
	sum := sha256.Sum256([]byte(css))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

// Pages are templates by name.
type Pages map[string]*template.Template

// Parse reads templates of a service, each of which defines "main", from templates/<name>.html. One that is wrong ends the program at
// its start, and every test.
func Parse(of fs.FS, functions template.FuncMap, names ...string) Pages {
	layout := template.Must(template.New("layout").Funcs(functions).ParseFS(files, "templates/layout.html"))
	all := Pages{}
	for from, names := range map[fs.FS][]string{files: {signIn, sorry}, of: names} {
		for _, name := range names {
			all[name] = template.Must(template.Must(layout.Clone()).ParseFS(from, "templates/"+name+".html"))
		}
	}
	return maps.Clone(all)
}

// View is what the layout shows around Body.
type View struct {
	Title string
	// Problem marks a page that says what is wrong, SignedIn one that has the button to sign out.
	Problem, SignedIn bool
	Body              any

	// The Desk fills in the rest.
	Shop, Root string
	Links      []Link
	CSS        template.CSS
}

// sorryView is what the page of a refusal says.
type sorryView struct{ Says, Root, Name string }

// capital begins a sentence with a name.
func capital(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// Show writes a page when it is complete: half of one cannot be turned into an error any more.
func (d *Desk) Show(w http.ResponseWriter, r *http.Request, code int, name string, v View) {
	v.Shop, v.Root, v.CSS = d.Shop, d.Root, template.CSS(css) //nolint:gosec // our own file
	if v.SignedIn {
		v.Links = d.Links
	}
	var out bytes.Buffer
	if err := d.Pages[name].ExecuteTemplate(&out, "layout", v); err != nil {
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
