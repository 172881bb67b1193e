package conform

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Exchange is a request and its answer, as evidence.
type Exchange struct {
	Request  string `json:"request"`
	Response string `json:"response"`
}

// shown bounds what of a body is evidence, in bytes.
const shown = 600

// Answer is what came back for a request.
type Answer struct {
	Method, Path string
	// Status is 0 when there was no answer; Err says why.
	Status int
	Header http.Header
	Body   []byte
	Err    error

	// sent is the request as evidence, sentTrace the trace id it carried.
	sent      string
	sentTrace string
	op        *operation
	// side is an answer of the metrics port, which is no part of the API.
	side bool
	// page is an answer of a service of pages, whose refusals may be pages.
	page bool
	// closes tells that the answer ended its connection.
	closes bool
	// took is how long the answer took, from the first byte of the request to the last of the answer.
	took time.Duration
}

func (a *Answer) exchange() Exchange {
	if a.Err != nil {
		return Exchange{a.sent, "no answer: " + a.Err.Error()}
	}
	return Exchange{a.sent, fmt.Sprintf("HTTP/1.1 %d %s\n%s%s", a.Status, http.StatusText(a.Status), headerText(a.Header), clip(a.Body))}
}

func headerText(h http.Header) string {
	var lines []string
	for name, values := range h {
		for _, value := range values {
			if strings.EqualFold(name, "Authorization") {
				value = clipText(value, 24)
			}
			lines = append(lines, name+": "+clipText(value, 200)+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "") + "\n"
}

func clip(body []byte) string {
	if !utf8.Valid(body) {
		return fmt.Sprintf("(%d bytes that are not text)", len(body))
	}
	return clipText(string(body), shown)
}

func clipText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:most], ""), len(s))
}

// is tells whether the answer has one of the statuses.
func (a *Answer) is(status ...int) bool { return slices.Contains(status, a.Status) }

func (a *Answer) mediaType() string {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
