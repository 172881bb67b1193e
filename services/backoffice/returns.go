package backoffice

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/desk"
	"github.com/emporium-shop/emporium/services/internal/money"
	"github.com/emporium-shop/emporium/services/internal/problem"
)

// returnStates are those of returns that staff looks at, the one first whose goods are awaited.
var returnStates = []string{"confirmed", "completed", "closed"}

type returnItem struct {
	Line     int    `json:"line"`
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity int64  `json:"quantity"`
	Sellable int64  `json:"sellable"`
	Damaged  int64  `json:"damaged"`
}

// Left is how many did not come yet.
func (i returnItem) Left() int64 { return i.Quantity - i.Sellable - i.Damaged }

type goodsBack struct {
	ID          uuid.UUID    `json:"id"`
	Order       uuid.UUID    `json:"order"`
	State       string       `json:"state"`
	Lines       []returnItem `json:"lines"`
	Reason      string       `json:"reason"`
	Note        string       `json:"note"`
	Worth       money.Money  `json:"worth"`
	Refunded    money.Money  `json:"refunded"`
	AnnouncedAt time.Time    `json:"announcedAt"`
}

// Awaited tells whether goods of it can be accepted.
func (g goodsBack) Awaited() bool { return g.State == "confirmed" }

type returnsView struct {
	State, Next string
	States      []string
	Returns     []goodsBack
	Form        form
}

// Accepts and Closes name the forms of one return.
func (returnsView) Accepts(g goodsBack) string { return "accept:" + g.ID.String() }

// Closes is the name of the form that closes a return.
func (returnsView) Closes(g goodsBack) string { return "close:" + g.ID.String() }

func (s *staff) returnsPage(w http.ResponseWriter, r *http.Request) {
	s.showReturns(w, r, http.StatusOK, form{})
}

func (s *staff) showReturns(w http.ResponseWriter, r *http.Request, code int, f form) {
	if s.returns == nil {
		s.Sorry(w, r, problem.New(problem.NotFound, "This shop has no returns."))
		return
	}
	v := returnsView{State: returnStates[0], States: returnStates, Form: f}
	for _, state := range returnStates {
		if r.URL.Query().Get("state") == state {
			v.State = state
		}
	}
	list, err := read[listed[goodsBack]](r, s.returns, "/api/returns/staff", url.Values{"state": {v.State}, "cursor": {r.URL.Query().Get("cursor")}})
	if err != nil {
		s.unread(w, r, err)
		return
	}
	v.Returns, v.Next = list.Items, list.Next
	s.Show(w, r, code, "returns", desk.View{Title: "Returns", Problem: f.Said != "", SignedIn: true, Body: v})
}

var errCount = errors.New("is no number of goods")

// counted reads what came back of each line: sellable-1=2, damaged-1=0.
func counted(fields url.Values) (lines []map[string]any, err error) {
	for n := 1; n <= 500; n++ {
		line := map[string]any{"line": n}
		for _, as := range []string{"sellable", "damaged"} {
			text := strings.TrimSpace(fields.Get(as + "-" + strconv.Itoa(n)))
			if text == "" || text == "0" {
				continue
			}
			count, err := strconv.ParseInt(text, 10, 32)
			if err != nil || count < 0 {
				return nil, errCount
			}
			line[as] = count
		}
		if len(line) > 1 {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil, errCount
	}
	return lines, nil
}

// accept accepts goods that came back.
func (s *staff) accept(w http.ResponseWriter, r *http.Request) {
	s.stepOf(w, r, "accept", "/acceptances", func(func(string) string) (map[string]any, string) {
		lines, err := counted(r.PostForm)
		if err != nil {
			return nil, "Enter how many came back as new, and how many did not."
		}
		return map[string]any{"lines": lines}, ""
	})
}

// closeReturn ends a return whose goods do not come.
func (s *staff) closeReturn(w http.ResponseWriter, r *http.Request) {
	s.stepOf(w, r, "close", "/closures", func(get func(string) string) (map[string]any, string) {
		note := strings.TrimSpace(get("note"))
		if note == "" {
			return nil, "Say why: the customer reads it."
		}
		return map[string]any{"note": note}, ""
	})
}

// stepOf does a step of the return that the address names; bodyOf says what is asked for, or what is wrong with it.
func (s *staff) stepOf(w http.ResponseWriter, r *http.Request, name, path string, bodyOf func(get func(string) string) (body map[string]any, wrong string)) {
	get, ok := s.Fields(w, r)
	if !ok {
		return
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil || s.returns == nil {
		s.Sorry(w, r, problem.New(problem.NotFound, "There is no such return."))
		return
	}
	f := typed(name+":"+id.String(), get, "note")
	body, wrong := bodyOf(get)
	if wrong != "" {
		f.Said = wrong
		s.showReturns(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	if err := do(r.Context(), r, s.returns, "/api/returns/staff/"+id.String()+path, f.Key, body); err != nil {
		shown, code, _ := f.refusedAs(err)
		s.showReturns(w, r, code, shown)
		return
	}
	http.Redirect(w, r, root+"/returns", http.StatusSeeOther)
}
