package checkout

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

const picture = "../../docs/saga.svg"

// edge is a transition of the saga with what causes it.
type edge struct{ from, to, by string }

// phase names what a saga waits for: the step that goes forward, or the one that is taken back.
func phase(s Saga) string {
	a, more := s.Next()
	if !more {
		return string(s.State)
	}
	return string(s.State) + "/" + string(a.Kind) + "/" + string(a.Step)
}

// explored are the transitions that the code has, found by trying every answer in every state that can be reached.
func explored() (edges []edge) {
	id := uuid.Nil
	seen := map[string]bool{}
	var visit func(s Saga)
	visit = func(s Saga) {
		key := fmt.Sprintf("%s %+v %t", s.State, s.Steps, s.Stale)
		a, more := s.Next()
		if seen[key] || !more {
			return
		}
		seen[key] = true
		begun := s.Begin(a, time.Time{}.Add(time.Second))
		patient := Steps[slices.IndexFunc(Steps, func(one struct {
			Step         Step
			Does, Undoes string
			Back         string
			Patience     time.Duration
		},
		) bool {
			return one.Step == a.Step
		})].Patience
		for by, next := range map[string]Saga{
			"done": begun.Take(a, Outcome{Answer: OK, Ref: refOf(s, a, true)}, time.Time{}), "refused": begun.Take(a, Outcome{Answer: No, Refusal: Refusal{Kind: fault.ConflictKind}}, time.Time{}),
			"no answer": begun.Take(a, Outcome{Answer: None}, time.Time{}.Add(2*time.Second+patient)), "another process": s.Adopt(), "another process, with it begun": begun.Adopt(),
			"there is none": begun.Take(a, Outcome{Answer: OK, Ref: refOf(s, a, false)}, time.Time{}),
		} {
			next.Tries = 0
			if by == "there is none" && s.State != Closing {
				continue
			}
			if e := (edge{phase(s), phase(next), by}); !s.Stuck() && !next.Stuck() && e.from != e.to && !slices.Contains(edges, e) {
				edges = append(edges, e)
			}
			visit(next)
		}
	}
	visit(NewSaga(id, true, true, true))
	slices.SortFunc(edges, func(a, b edge) int { return strings.Compare(a.from+a.to+a.by, b.from+b.to+b.by) })
	return edges
}

func refOf(s Saga, a Action, there bool) string {
	if a.Kind == Undo && s.State == Closing && !there {
		return ""
	}
	return "x"
}

// drawn is the picture: the way forward on the left, from the top, the way back on the right, from the bottom.
func drawn(edges []edge) string {
	const width, row, left, right, box = 860, 78, 40, 520, 300
	place := map[string][2]int{}
	texts := map[string][2]string{}
	put := func(name string, x, y int, title, sub string) {
		place[name], texts[name] = [2]int{x, y}, [2]string{title, sub}
	}
	for n, one := range Steps {
		y := 70 + n*row
		if one.Step == Place {
			put("forward/renew/hold", left, y, "renew the hold", "key saga:renew-1, …; only after a process took over")
			y += row
		}
		put("forward/call/"+string(one.Step), left, y, one.Does, "key saga:"+string(one.Step))
		if one.Step == Place {
			put("closing/undo/order", right, y, one.Undoes, "key saga:"+one.Back+"; orders decides, once")
			continue
		}
		put("back/undo/"+string(one.Step), right, y, one.Undoes, "key saga:"+one.Back)
	}
	bottom := 70 + (len(Steps)+1)*row
	put("placed", left, bottom, "placed", "201: the order")
	put("undone", right, 70-row/2-20, "undone", "409: why")
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img" aria-label="States of the saga that places an order">`+"\n", width, bottom+90)
	out.WriteString(`<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>` + "\n")
	fmt.Fprintf(&out, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="24" font-weight="bold">forward</text><text x="%d" y="%d" font-weight="bold">back, in reverse</text>`+"\n", left, right, bottom+30)
	for _, e := range edges {
		from, to := e.from, e.to
		if strings.HasPrefix(from, "back/call") || strings.HasPrefix(to, "back/call") {
			from, to = strings.Replace(from, "back/call", "back/undo", 1), strings.Replace(to, "back/call", "back/undo", 1) // asked for by its key, then undone
		}
		a, known := place[from]
		b, there := place[to]
		if !known || !there || from == to {
			continue
		}
		x1, y1, x2, y2, color, dash := a[0]+box/2, a[1]+46, b[0]+box/2, b[1], "#2a7", ""
		switch {
		case a[0] == left && b[0] == right:
			x1, y1, x2, y2, color = a[0]+box, a[1]+23, b[0], b[1]+23, "#c33"
			if e.by == "no answer" {
				dash = ` stroke-dasharray="5 4"`
			}
		case a[0] == right && b[0] == left:
			x1, y1, x2, y2 = a[0], a[1]+32, b[0]+box, b[1]+23
		case a[0] == right:
			y1, y2, color = a[1], b[1]+46, "#c33"
		}
		fmt.Fprintf(&out, `<path d="M%d %d L%d %d" stroke="%s" fill="none"%s marker-end="url(#a)"><title>%s → %s: %s</title></path>`+"\n", x1, y1, x2, y2, color, dash, e.from, e.to, e.by)
	}
	for _, name := range slices.Sorted(keysOf(place)) {
		at, text := place[name], texts[name]
		fill := "#f4f7fb"
		if name == "placed" || name == "undone" {
			fill = "#fff6dd"
		}
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%d" height="46" rx="6" fill="%s" stroke="#456"/><text x="%d" y="%d">%s</text><text x="%d" y="%d" font-size="10" fill="#567">%s</text>`+"\n",
			at[0], at[1], box, fill, at[0]+12, at[1]+20, text[0], at[0]+12, at[1]+36, text[1])
	}
	fmt.Fprintf(&out, `<text x="%d" y="%d" font-size="11" fill="#567">red: refused; dashed: not answered for too long. Each arrow was found by running the code; its text names the answer.</text>`+"\n</svg>\n", left, bottom+72)
	return out.String()
}

func keysOf(m map[string][2]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// UPDATE=1 draws it anew.
func TestThePictureIsThatOfTheCode(t *testing.T) {
	want := drawn(explored())
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(picture, []byte(want), 0o644); err != nil { //nolint:gosec // a picture for everybody
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(picture)
	if err != nil || string(got) != want {
		t.Errorf("docs/saga.svg is not what the code does: UPDATE=1 go test ./services/checkout -run Picture (%v)", err)
	}
}

// What the picture shows must hold: nothing leads from the pivot to the way back but orders' own decision, and nothing out of an end.
func TestTheWayBackBeginsBehindThePivotOnlyByDecision(t *testing.T) {
	for _, e := range explored() {
		if e.from == "forward/call/order" && strings.HasPrefix(e.to, "back") && e.by != "refused" {
			t.Errorf("%+v", e)
		}
		if e.from == "closing/undo/order" && strings.HasPrefix(e.to, "back") && e.by != "there is none" {
			t.Errorf("%+v", e)
		}
		if e.from == "placed" || e.from == "undone" {
			t.Errorf("%+v", e)
		}
	}
}
