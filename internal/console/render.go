package console

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"html/template"
	"mime"
	"net/http"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

//go:embed templates/*.html
var sources embed.FS

// templates by the name of their page; each has the layout.
var templates = parse()

func parse() map[string]*template.Template {
	base := template.Must(template.New("").Funcs(functions).ParseFS(sources, "templates/layout.html", "templates/parts.html"))
	all := map[string]*template.Template{}
	files, err := sources.ReadDir("templates")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".html")
		if name != "layout" && name != "parts" {
			all[name] = template.Must(template.Must(base.Clone()).ParseFS(sources, "templates/"+f.Name()))
		}
	}
	return all
}

// page is what the layout shows around a body.
type page struct {
	Title string
	// Shop that the page is about; both empty: none.
	Shop types.NamespacedName
	// Where the page is in its shop: the matrix, history, …
	Where string
	Who   Identity
	Local bool
	// Live: it is fetched again when the stream says so, and every ten seconds where scripts do not run.
	Live bool
	// Notice says what was done.
	Notice string
	// Wrong: the page is about an error.
	Wrong bool
	// Again is the path that the browser shall ask for at once.
	Again string
	Body  any

	CSS, Script, Morph string
}

// show writes a page.
func (s *Server) show(w http.ResponseWriter, r *http.Request, code int, name string, p *page) {
	p.Local = s.local != nil
	p.CSS, p.Script, p.Morph = assets["console.css"].path, assets["console.js"].path, assets["idiomorph.js"].path
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout", p); err != nil {
		s.log.Error("writing a page", "page", name, "error", err)
		http.Error(w, "The console could not write this page: "+name, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept")
	send(w, r, code, clean(b.Bytes()))
}

// answer writes the page of somebody, or its value as JSON where that is asked for.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, who *session, name string, p *page, value any) error {
	if wantsJSON(r) {
		return sendJSON(w, r, http.StatusOK, value)
	}
	p.Who = who.who
	p.Notice = who.notice(s.now(), p.Shop)
	s.show(w, r, http.StatusOK, name, p)
	return nil
}

func sendJSON(w http.ResponseWriter, r *http.Request, code int, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Add("Vary", "Accept")
	send(w, r, code, append(text, '\n'))
	return nil
}

// wantsJSON: a browser names text/html first.
func wantsJSON(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(one); kind {
		case "application/json":
			return true
		case "text/html":
			return false
		}
	}
	return false
}

// send compresses what is worth it. No answer holds a secret that its length could give away.
func send(w http.ResponseWriter, r *http.Request, code int, body []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(body) < 1<<10 || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(code)
		_, _ = w.Write(body) // who asked may be gone
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(code)
	z := writers.Get().(*gzip.Writer) //nolint:forcetypeassert // it holds nothing else
	defer writers.Put(z)
	z.Reset(w)
	_, _ = z.Write(body)
	_ = z.Close()
}

// writers are used again: each has most of a megabyte, and pages that keep themselves current are asked for often.
var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}
