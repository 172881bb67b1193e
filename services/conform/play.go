package conform

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// upstream plays a service that the checked one asks, from that one's own
// description: what is not in there is answered 404 and remembered.
type upstream struct {
	name   string
	doc    *document
	server *http.Server
	url    string

	mu     sync.Mutex
	mood   mood
	asked  []asked
	faults []string
}

// asked is one request that the service made.
type asked struct {
	method, path string
	header       http.Header
}

// mood is how an upstream answers now.
type mood struct {
	// status is answered instead of what the description says.
	status int
	// hang holds every request until its client goes; delay makes those of one trace slow.
	hang  bool
	delay time.Duration
	trace string
	// grown adds members that the description does not know.
	grown bool
}

func play(variable string, doc *document) (*upstream, error) {
	name := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(variable, "_URL"), "_", "-"))
	u := &upstream{name: name, doc: doc}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("playing %s: %w", name, err)
	}
	u.url = "http://" + l.Addr().String()
	u.server = &http.Server{Handler: u, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = u.server.Serve(l) }() // ends with stop
	return u, nil
}

func (u *upstream) stop() { _ = u.server.Close() } // nobody is told

// feel changes the mood and returns what puts it back.
func (u *upstream) feel(m mood) (back func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.mood, u.asked = m, nil
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.mood = mood{}
	}
}

func (u *upstream) requests() []asked {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.asked)
}

func (u *upstream) strange() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.faults)
}

func (u *upstream) note(r *http.Request, op *operation) mood {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked = append(u.asked, asked{r.Method, r.URL.Path, r.Header.Clone()})
	if op == nil {
		u.faults = append(u.faults, fmt.Sprintf("%s %s, which the description of %s does not have", r.Method, r.URL.Path, u.name))
	}
	return u.mood
}

func (u *upstream) fault(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.faults = append(u.faults, fmt.Sprintf(format, args...))
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := u.doc.find(r.Method, r.URL.Path)
	m := u.note(r, op)
	w.Header().Set("X-Shop-Sources", u.name+"="+release)
	if m.hang {
		<-r.Context().Done()
		return
	}
	if m.delay > 0 && strings.Contains(r.Header.Get("Traceparent"), m.trace) {
		select {
		case <-time.After(m.delay):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case m.status != 0:
		refuse(w, m.status)
	case op == nil:
		refuse(w, http.StatusNotFound)
	default:
		u.check(op, r)
		u.answer(w, r, op, m)
	}
}

// check notes a request that the description would refuse.
func (u *upstream) check(op *operation, r *http.Request) {
	for name := range r.URL.Query() {
		if _, ok := op.param("query", name); !ok {
			u.fault("%s with the query parameter %q, which %s does not take", op.name(), name, u.name)
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 2<<20))
	at := u.doc.requestMedia(op)["application/json"]
	if err != nil || at == "" || len(body) == 0 {
		return
	}
	if err := u.doc.validate(at, body); err != nil {
		u.fault("%s with a body that %s refuses: %v", op.name(), u.name, err)
	}
}

func (u *upstream) answer(w http.ResponseWriter, r *http.Request, op *operation, m mood) {
	status := slices.Sorted(maps.Keys(object(op.node["responses"])))[0] // 200, 201, 204
	var code int
	if _, err := fmt.Sscanf(status, "%3d", &code); err != nil {
		code = http.StatusOK
	}
	media, _ := u.doc.response(op, code)
	at := media["application/json"]
	if at == "" {
		w.WriteHeader(code)
		return
	}
	value, err := u.doc.sample(at, op.named(r.URL.Path))
	if err != nil {
		u.fault("%s cannot be played: %v", op.name(), err)
		refuse(w, http.StatusInternalServerError)
		return
	}
	if o := object(value); m.grown && o != nil {
		o["addedByANewerRelease"] = map[string]any{"of": []string{"things"}}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", `"1-played"`)
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text(value)) // the service went away
}

// named are the parameters of a path by their names.
func (o *operation) named(path string) map[string]string {
	out := map[string]string{}
	for n, value := range strings.Split(path, "/") {
		if s := o.segments[n]; strings.HasPrefix(s, "{") {
			out[strings.Trim(s, "{}")] = value
		}
	}
	return out
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/problem+json")
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"about:blank","title":%q,"status":%d}`, http.StatusText(status), status) // the service went away
}
