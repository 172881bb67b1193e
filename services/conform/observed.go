package conform

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// observedRules judge every exchange of the run. They come last, and so see
// what all the other rules made the service say.
func observedRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "W-01", Title: "Every answer has X-Shop-Sources, the service itself first", Level: Must, Modes: running, check: everyAnswer(hasSources)},
		{ID: "W-10", Title: "JSON is UTF-8", Level: Must, Modes: running, check: everyAnswer(jsonIsText)},
		{ID: "W-11", Title: "An instant is RFC 3339 in UTC, with Z", Level: Must, Modes: running, check: everyAnswer(instantsAreUTC)},
		{ID: "E-11", Title: "A problem names the trace", Level: Must, Modes: running, check: everyAnswer(problemHasTrace)},
		{ID: "E-12", Title: "A problem has no-store, nosniff and no ETag", Level: Must, Modes: running, check: everyAnswer(problemHeaders)},
		{ID: "E-14", Title: "A problem's type is of problems.md, and fits its status", Level: Must, Modes: running, check: everyAnswer(problemTypes)},
		{ID: "E-17", Title: "429 and 503 have Retry-After", Level: Must, Modes: running, check: everyAnswer(hasRetryAfter)},
		{ID: "E-18", Title: "No request is answered 500", Level: Must, Modes: running, check: everyAnswer(noFailure)},
		{ID: "O-10", Title: "Every answer that was seen is as the description says", Level: Must, Modes: running, check: everyAnswer(asDescribed)},
	}
}

// everyAnswer runs a look at all answers of the service port that came; a look
// says whether the answer was one that it is about.
func everyAnswer(look func(c *Case, a *Answer) (about bool, err error)) func(context.Context, *Case) error {
	return func(_ context.Context, c *Case) error {
		for _, a := range c.all() {
			if a.Err != nil || a.side {
				continue
			}
			about, err := look(c, a)
			if about {
				c.looked++
			}
			if err != nil {
				c.keep(a)
				return err
			}
		}
		if c.looked == 0 {
			return skip("no such answer came")
		}
		return nil
	}
}

func hasSources(c *Case, a *Answer) (bool, error) {
	if a.Status == 431 {
		return false, nil // many servers refuse before a program of ours is asked
	}
	own, _, _ := strings.Cut(a.Header.Get("X-Shop-Sources"), ",")
	name, of, ok := strings.Cut(strings.TrimSpace(own), "=")
	if !ok || name != c.Settings.Service || of == "" || (c.Mode == Local && of != release) {
		return true, fmt.Errorf("%s %s: X-Shop-Sources is %q", a.Method, clipText(a.Path, 80), a.Header.Get("X-Shop-Sources"))
	}
	return true, nil
}

func jsonIsText(_ *Case, a *Answer) (bool, error) {
	if !strings.HasSuffix(a.mediaType(), "json") || len(a.Body) == 0 {
		return false, nil
	}
	return true, isText(a)
}

var (
	instant    = regexp.MustCompile(`"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"]*)"`)
	instantUTC = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)
)

func instantsAreUTC(_ *Case, a *Answer) (bool, error) {
	if !strings.HasSuffix(a.mediaType(), "json") {
		return false, nil
	}
	found := instant.FindAllSubmatch(a.Body, -1)
	for _, m := range found {
		if !instantUTC.Match(m[1]) {
			return true, fmt.Errorf("%s %s: %q is no instant in UTC with Z", a.Method, a.Path, m[1])
		}
	}
	return len(found) > 0, nil
}

func (a *Answer) isProblem() bool {
	return a.mediaType() == "application/problem+json" && a.Method != "HEAD"
}

func problemHasTrace(_ *Case, a *Answer) (bool, error) {
	if !a.isProblem() {
		return false, nil
	}
	p, err := a.problem()
	if err == nil && (!traceID.MatchString(p.TraceID) || strings.Trim(p.TraceID, "0") == "") {
		err = fmt.Errorf("%s %s: traceId is %q", a.Method, clipText(a.Path, 80), p.TraceID)
	}
	return true, err
}

func problemHeaders(_ *Case, a *Answer) (bool, error) {
	if !a.isProblem() {
		return false, nil
	}
	if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("ETag") != "" {
		return true, fmt.Errorf("%s %s: Cache-Control %q, X-Content-Type-Options %q, ETag %q", a.Method, clipText(a.Path, 80),
			a.Header.Get("Cache-Control"), a.Header.Get("X-Content-Type-Options"), a.Header.Get("ETag"))
	}
	return true, nil
}

func problemTypes(_ *Case, a *Answer) (bool, error) {
	if !a.isProblem() {
		return false, nil
	}
	p, err := a.problem()
	if err != nil {
		return true, err
	}
	slug, named := strings.CutPrefix(p.Type, urn)
	switch {
	case p.Status != a.Status:
		return true, fmt.Errorf("%s %s: the status is %d, the problem says %d", a.Method, clipText(a.Path, 80), a.Status, p.Status)
	case named && kinds[slug] == a.Status:
	case !named && (p.Type == "" || p.Type == "about:blank") && blank[a.Status]:
	default:
		return true, fmt.Errorf("%s %s: %d has type %q", a.Method, clipText(a.Path, 80), a.Status, p.Type)
	}
	if p.TraceID == "" {
		return true, nil // see E-11
	}
	return true, validateBy("problem", a.Body)
}

func hasRetryAfter(_ *Case, a *Answer) (bool, error) {
	if !a.is(429, 503) || slices.Contains([]string{"/livez", "/readyz", "/startupz"}, a.Path) {
		return false, nil
	}
	if n, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || n < 1 || n > 3600 {
		return true, fmt.Errorf("%s %s: %d has Retry-After %q, not seconds", a.Method, a.Path, a.Status, a.Header.Get("Retry-After"))
	}
	return true, nil
}

func noFailure(_ *Case, a *Answer) (bool, error) {
	if a.is(500, 502) {
		return true, fmt.Errorf("%s %s: %d", a.Method, clipText(a.Path, 80), a.Status)
	}
	return true, nil
}

func asDescribed(c *Case, a *Answer) (bool, error) {
	if c.doc == nil || a.op == nil || a.Method == "HEAD" || a.is(304) || a.Status/100 != 2 {
		return false, nil
	}
	media, ok := c.doc.response(a.op, a.Status)
	if !ok {
		return true, fmt.Errorf("%s: %d is not described", a.op.name(), a.Status)
	}
	kind := a.mediaType()
	at, ok := media[kind]
	if len(media) > 0 && !ok {
		return true, fmt.Errorf("%s: %d answers %q, which is not described", a.op.name(), a.Status, kind)
	}
	if !strings.HasSuffix(kind, "json") || at == "" {
		return true, nil
	}
	if err := c.doc.validate(at, a.Body); err != nil {
		return true, fmt.Errorf("%s: %w", a.op.name(), err)
	}
	return true, nil
}
