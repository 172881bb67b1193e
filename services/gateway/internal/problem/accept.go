package problem

import (
	"mime"
	"strconv"
	"strings"
)

// longest is how much of an Accept header is read; browsers send a tenth of it.
const longest = 1 << 10

// prefersHTML tells whether an Accept header asks for a page before it asks for
// JSON. Only a client that names text/html gets one: "*/*" is what programs send.
func prefersHTML(accept []string) bool {
	var html, json float64
	text := strings.Join(accept, ",")
	for item := range strings.SplitSeq(text[:min(len(text), longest)], ",") {
		name, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		switch name {
		case "text/html", "application/xhtml+xml":
			html = max(html, quality(params))
		case "application/problem+json", "application/json":
			json = max(json, quality(params))
		}
	}
	return html > 0 && html >= json
}

func quality(params map[string]string) float64 {
	q, err := strconv.ParseFloat(params["q"], 64)
	if err != nil {
		return 1
	}
	return q
}
