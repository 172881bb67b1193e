// Package problem answers what the front door cannot serve: RFC 9457 problem
// details for programs, a plain page for people.
package problem

import (
	"bytes"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"time"
)

// Problem is one answer of the front door itself. It never holds an address of
// a pod or an error text of the network: those are for the log.
type Problem struct {
	Status int
	// Title is a short sentence that is the same for all problems of its kind.
	Title string
	// Detail says what is the matter with this request.
	Detail string
	// Service is the shop's service that could not answer; empty when none was asked.
	Service string
	// RetryAfter is sent in whole seconds; 0 sends none.
	RetryAfter time.Duration
	// TraceID finds the request in logs and traces.
	TraceID string
	// Instance is the path that was asked for.
	Instance string
}

// body is the wire form: RFC 9457 with two members of our own.
type body struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	Service  string `json:"service,omitempty"`
	TraceID  string `json:"traceId,omitempty"`
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><style>body{font:1rem/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34rem;padding:0 1rem}small{color:#666}</style></head>
<body><h1>{{.Title}}</h1><p>{{.Detail}}</p>{{if .RetryAfter}}<p>Please try again in a moment.</p>{{end}}
<p><small>{{.Status}}{{if .TraceID}} · {{.TraceID}}{{end}}</small></p></body></html>
`))

// Write answers with the problem, in the form that the client asks for.
func (p Problem) Write(w http.ResponseWriter, r *http.Request) {
	contentType, content := "application/problem+json", p.json
	if prefersHTML(r.Header.Values("Accept")) {
		contentType, content = "text/html; charset=utf-8", p.html
	}
	b := content()
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.RetryAfter.Round(time.Second)/time.Second)))
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(b) // the client is gone; there is nobody to tell
}

func (p Problem) json() []byte {
	b, err := json.Marshal(body{
		Type: "about:blank", Title: p.Title, Status: p.Status, Detail: p.Detail,
		Instance: p.Instance, Service: p.Service, TraceID: p.TraceID,
	})
	if err != nil { // cannot be: strings and a number
		return []byte("{}")
	}
	return b
}

func (p Problem) html() []byte {
	var b bytes.Buffer
	if err := page.Execute(&b, p); err != nil {
		return []byte(template.HTMLEscapeString(p.Title))
	}
	return b.Bytes()
}
