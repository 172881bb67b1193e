package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// fail answers what went wrong inside: what is likely over in a moment is 503.
func (s *server) fail(w *answer, r *http.Request, err error) {
	switch {
	case missing(err):
		s.refuse(w, r, 404, "not-found", "There is no such gadget.")
	case errors.Is(err, errMismatch):
		s.refuse(w, r, 422, "idempotency-mismatch", "The key was used for another body.", wrong{Parameter: "header.Idempotency-Key", Detail: "It was used before."})
	case errors.Is(err, errInFlight):
		w.Header().Set("Retry-After", "1")
		s.refuse(w, r, 409, "idempotency-in-flight", "The first request with the key is under way.")
	case s.breaks("H-08"):
		s.refuse(w, r, 404, "not-found", "There is no such gadget.")
	default:
		if s.breaks("H-09") {
			s.gone.Store(true)
		}
		s.refuse(w, r, 503, "unavailable", "Come again.")
	}
}

// find reads the gadget of the path, or answers why not.
func (s *server) find(w *answer, r *http.Request, in *input) (gadget, bool) {
	id, err := uuid.Parse(in.id)
	if err != nil {
		s.refuse(w, r, 404, "not-found", "There is no such gadget.")
		return gadget{}, false
	}
	g, err := s.store.get(r.Context(), id.String())
	if missing(err) && s.breaks("C-10") && in.match != "" {
		s.refuse(w, r, 412, "stale", "It was changed.")
		return g, false
	}
	if err != nil {
		s.fail(w, r, err)
		return g, false
	}
	return g, true
}

func (s *server) get(w *answer, r *http.Request, in *input) {
	g, ok := s.find(w, r, in)
	if !ok {
		return
	}
	w.Header().Set("ETag", g.tag())
	if s.fresh(r.Header.Get("If-None-Match"), g.tag()) {
		if !s.breaks("C-02") {
			w.Header().Set("Cache-Control", "public, max-age=5")
		}
		w.WriteHeader(304)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=5")
	if s.breaks("O-10") {
		g.Quantity = "many"
	}
	if s.breaks("W-11") {
		at, _ := time.Parse(time.RFC3339, g.CreatedAt) // we wrote it
		g.CreatedAt = at.In(time.FixedZone("", 7200)).Format(time.RFC3339)
	}
	w.json(200, g)
}

func (s *server) fresh(header, tag string) bool {
	if s.breaks("C-01") {
		return false
	}
	for have := range strings.SplitSeq(header, ",") {
		have = strings.TrimSpace(have)
		if !s.breaks("C-03") {
			have = strings.TrimPrefix(have, "W/")
		}
		if have == tag || have == "*" {
			return true
		}
	}
	return false
}

// matches compares If-Match with the version.
func (s *server) matches(header string, g gadget) bool {
	for have := range strings.SplitSeq(header, ",") {
		have = strings.TrimSpace(have)
		if s.breaks("C-06") {
			have = strings.TrimPrefix(have, "W/")
		}
		if have == g.tag() || (have == "*" && !s.breaks("C-09")) {
			return true
		}
	}
	return header == "" && s.breaks("C-04")
}

func readStock(body []byte) (int, []wrong) {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return 0, []wrong{{Pointer: "#", Detail: "It is no object."}}
	}
	var bad []wrong
	for name := range m {
		if name != "quantity" {
			bad = append(bad, wrong{Pointer: "#/" + name, Detail: "There is no such member."})
		}
	}
	var quantity int
	if err := json.Unmarshal(m["quantity"], &quantity); err != nil || quantity < 0 || quantity > 1000 {
		bad = append(bad, wrong{Pointer: "#/quantity", Detail: "A whole number from 0 to 1000."})
	}
	return quantity, bad
}

func (s *server) stock(w *answer, r *http.Request, in *input) {
	if !s.isJSON(w, r, in) {
		return
	}
	quantity, bad := readStock(in.body)
	if bad = s.forgiven(bad); len(bad) > 0 {
		s.refuse(w, r, 422, "invalid", "The body is not valid.", bad...)
		return
	}
	g, ok := s.find(w, r, in)
	if !ok {
		return
	}
	if !s.matches(in.match, g) {
		if s.breaks("C-05") {
			_, _ = s.store.setQuantity(r.Context(), g, quantity, true) // it is the fault
		}
		s.refuse(w, r, 412, "stale", "It was changed since you read it.")
		return
	}
	if err := s.ask(r.Context(), g.ID); err != nil {
		s.upstreamFailed(w, r)
		return
	}
	if s.breaks("C-07") {
		time.Sleep(30 * time.Millisecond)
	}
	after, err := s.store.setQuantity(r.Context(), g, quantity, !s.breaks("C-07"))
	if missing(err) {
		s.refuse(w, r, 412, "stale", "It was changed since you read it.")
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", after.tag())
	if s.breaks("C-08") {
		w.Header().Set("ETag", g.tag())
	}
	w.json(200, after)
}

func (s *server) upstreamFailed(w *answer, r *http.Request) {
	if s.breaks("U-02") && r.Context().Err() == nil {
		s.refuse(w, r, 404, "not-found", "The prices do not answer.")
		return
	}
	s.refuse(w, r, 503, "unavailable", "The prices do not answer.")
}

func (s *server) remove(w *answer, r *http.Request, in *input) {
	g, ok := s.find(w, r, in)
	if !ok {
		return
	}
	if !s.matches(in.match, g) {
		s.refuse(w, r, 412, "stale", "It was changed since you read it.")
		return
	}
	if err := s.store.remove(r.Context(), g); err != nil {
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(204)
}

func (s *server) count(w *answer, r *http.Request, _ *input) {
	n, err := s.store.count(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.json(200, map[string]int{"count": n})
}

// readGadget reads what create takes.
func (s *server) readGadget(body []byte) (gadget, []wrong) {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return gadget{}, []wrong{{Pointer: "#", Detail: "It is no object."}}
	}
	g, bad := gadget{}, []wrong(nil)
	for name, into := range map[string]any{"name": &g.Name, "colour": &g.Colour, "price": &g.Price} {
		if err := json.Unmarshal(m[name], into); err != nil && (name != "price" || !s.breaks("E-16") || !strings.HasPrefix(string(m[name]), `{"amount":1`)) {
			bad = append(bad, wrong{Pointer: "#/" + name, Detail: "It is missing, or of another type."})
		}
		delete(m, name)
	}
	if g.Price.Amount == "" { // the fault E-16 came so far
		g.Price.Amount = "12.90"
	}
	for name := range m {
		bad = append(bad, wrong{Pointer: "#/" + name, Detail: "There is no such member."})
	}
	return g, bad
}

// forgiven are the errors that faults overlook.
func (s *server) forgiven(bad []wrong) []wrong {
	var out []wrong
	for _, e := range bad {
		unknown := strings.HasPrefix(e.Detail, "There is no such")
		if unknown && s.breaks("E-07") {
			continue
		}
		if !unknown && s.breaks("E-06") {
			e.Pointer, e.Parameter = "", "query.body"
		}
		out = append(out, e)
	}
	return out
}

func (s *server) isJSON(w *answer, r *http.Request, in *input) bool {
	if json.Valid(in.body) && validUTF8(in.body) {
		return true
	}
	if s.breaks("E-08") {
		s.refuse(w, r, 422, "invalid", "The body is not valid.", wrong{Pointer: "#", Detail: "It is no JSON."})
		return false
	}
	s.refuse(w, r, 400, "malformed", "The body is no JSON.")
	return false
}

func (s *server) create(w *answer, r *http.Request, in *input) {
	if s.breaks("E-18") && strings.Contains(string(in.body), `"card"`) {
		panic("nobody thought of this member")
	}
	if !s.isJSON(w, r, in) {
		return
	}
	g, bad := s.readGadget(in.body)
	if bad = s.forgiven(bad); len(bad) > 0 {
		if s.breaks("I-09") {
			s.spend(r.Context(), w, in, "POST /api/gadgets")
		}
		s.refuse(w, r, 422, "invalid", "The body is not valid.", bad...)
		return
	}
	s.make(w, r, in, "POST /api/gadgets", func(tx pgx.Tx) (gadget, error) { return insert(r.Context(), tx, g) })
}

// spend is the fault I-09: a refused request uses its key up.
func (s *server) spend(ctx context.Context, w *answer, in *input, route string) {
	_, _ = s.store.pool.Exec(ctx, keep, w.hop.caller.Sub, route, in.key, canonical(in.body), 422, []byte("{}"), "", "") // it is the fault
}

func (s *server) copy(w *answer, r *http.Request, in *input) {
	g, ok := s.find(w, r, in)
	if !ok {
		return
	}
	s.make(w, r, in, "POST /api/gadgets/{id}/copies", func(tx pgx.Tx) (gadget, error) { return insert(r.Context(), tx, g) })
}

// make has the effect of a POST once.
func (s *server) make(w *answer, r *http.Request, in *input, route string, do func(pgx.Tx) (gadget, error)) {
	if s.gone.Load() {
		s.refuse(w, r, 503, "unavailable", "Come again.")
		return
	}
	body := canonical(in.body)
	if s.breaks("I-05") {
		body = string(in.body)
	}
	k, err := s.once(r.Context(), stored{caller: w.hop.caller.Sub, route: route, key: in.key, body: body}, do)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", k.etag)
	if !s.breaks("W-05") {
		w.Header().Set("Location", k.location)
	}
	if k.replayed && !s.breaks("I-03") {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.raw(k.status, k.answer)
}

// page reads limit and cursor. A cursor is the filter and the last id of the page before it.
func (s *server) page(r *http.Request) (query, []wrong, int) {
	v := r.URL.Query()
	q := query{colour: v.Get("colour"), limit: 20}
	if text := v.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if s.breaks("L-02") && n > 100 {
			n = 100
		}
		if err != nil || n < 1 || n > 100 {
			return q, []wrong{{Parameter: "query.limit", Detail: "From 1 to 100."}}, 422
		}
		q.limit = n
	}
	cursor := v.Get("cursor")
	if cursor == "" || s.breaks("L-04") && !strings.Contains(cursor, "~") {
		return q, nil, 0
	}
	filter, after, ok := strings.Cut(cursor, "~")
	if s.breaks("L-06") {
		n, err := strconv.Atoi(after)
		q.offset, after, ok = n, "", ok && err == nil
	} else if _, err := uuid.Parse(after); err != nil {
		ok = false
	}
	if q.after = after; !ok || (filter != q.colour && !s.breaks("L-05")) {
		return q, []wrong{{Parameter: "query.cursor", Detail: "It is none of this list's."}}, 400
	}
	return q, nil, 0
}

func (s *server) list(w *answer, r *http.Request, _ *input) {
	q, bad, status := s.page(r)
	if status != 0 {
		s.refuse(w, r, status, map[int]string{400: "malformed", 422: "invalid"}[status], "The parameters are not valid.", bad...)
		return
	}
	if s.breaks("L-01") {
		q.limit++
	}
	shown := q.limit
	q.limit++
	found, err := s.store.list(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := map[string]any{"items": append([]gadget{}, found[:min(len(found), shown)]...)}
	if len(found) > shown {
		out["next"] = s.cursor(q, found, shown)
	} else if len(found) == 0 && s.breaks("L-07") {
		out["next"] = q.colour + "~" + uuid.Nil.String()
	}
	w.json(200, out)
}

func (s *server) cursor(q query, found []gadget, shown int) string {
	last := shown - 1
	switch {
	case s.breaks("L-06"):
		return q.colour + "~" + strconv.Itoa(q.offset+shown)
	case s.breaks("L-03") && shown > 1:
		last--
	}
	return fmt.Sprint(q.colour, "~", found[last].ID)
}
