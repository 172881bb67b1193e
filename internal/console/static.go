package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
)

//go:embed static
var static embed.FS

// asset is a file that browsers keep for ever, since its path changes with its content.
type asset struct {
	path, kind string
	text       []byte
}

var assets = load(map[string]string{
	"console.css":  "text/css; charset=utf-8",
	"console.js":   "text/javascript; charset=utf-8",
	"idiomorph.js": "text/javascript; charset=utf-8",
})

func load(kinds map[string]string) map[string]asset {
	all := map[string]asset{}
	for name, kind := range kinds {
		text, err := static.ReadFile("static/" + name)
		if err != nil {
			panic(err) // they are part of the program
		}
		sum := sha256.Sum256(text)
		all[name] = asset{path.Join("/static", hex.EncodeToString(sum[:6]), name), kind, text}
	}
	return all
}

func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("file")]
	if !ok || r.URL.Path != a.path {
		s.fail(w, r, notFound)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, r, http.StatusOK, a.text)
}
