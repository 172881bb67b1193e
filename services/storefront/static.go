// The style sheet: embedded, and named after its content.
package storefront

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"regexp"
)

//go:embed static/app.css
var css string

var (
	cssName  = "app." + digest(css) + ".css"
	anyStyle = regexp.MustCompile(`^app\.[0-9a-f]{12}\.css$`)
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// style serves the sheet. A page of the release from before may load its
// sheet after the switch, when only this release is asked: it gets today's
// sheet rather than none, and nobody may keep that under yesterday's name.
func (s *shop) style(w http.ResponseWriter, r *http.Request) {
	switch name := r.PathValue("file"); {
	case name == cssName:
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	case anyStyle.MatchString(name):
		w.Header().Set("Cache-Control", "no-cache")
	default:
		s.fail(w, r, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Vary", "Accept-Encoding")
	send(w, r, http.StatusOK, []byte(css))
}
