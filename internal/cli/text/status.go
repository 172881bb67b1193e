package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/emporium-shop/emporium/internal/view"
)

// Status prints a shop in one screen: what serves, what comes, what is missing, until when, what to type.
func Status(w io.Writer, v view.Shop, o Options) error {
	p, v := &printer{Options: o, out: w}, plain(v)
	p.head(v)
	p.line("")
	p.roles(v)
	p.line("")
	p.matrix(v)
	p.facts(v)
	p.actions(v)
	p.gaps(v.Gaps)
	return p.err
}

// tone is the colour of a shop's state.
func tone(v view.Shop) string {
	switch {
	case !v.Available || v.Stalled:
		return bad
	case v.Ready:
		return good
	}
	return pending
}

func (p *printer) head(v view.Shop) {
	state := string(v.Reason)
	if state == "" {
		state = "not seen by the operator yet"
	}
	if a := age(v.Now, v.Since); a != "" {
		state += " for " + a
	}
	p.line("%s   %s   %s", p.paint(strong, v.Name), p.paint(tone(v), state), strings.Join(p.where(v), "   "))
	for _, line := range p.wrapped(v.Message, 0) {
		p.line("%s", line)
	}
	if !v.Seen && v.Reason != "" {
		p.line("%s", p.paint(pending, "the operator has not seen the last change of the Shop yet"))
	}
	if !v.Available && v.Reason != "" {
		p.line("%s customers are NOT served, or not all of them", p.mark(bad))
	}
}

func (p *printer) where(v view.Shop) (out []string) {
	if v.Address != "" {
		out = append(out, v.Address)
	}
	if v.FrontDoor.Known {
		out = append(out, fmt.Sprintf("front door %d/%d", v.FrontDoor.Ready, v.FrontDoor.Wanted))
	}
	return out
}

func (p *printer) roles(v view.Shop) {
	rows := [][]string{{""}, {" release"}, {" version"}, {" since"}, {" until"}, {" by"}}
	for _, c := range v.Columns {
		cells := []string{strings.ToUpper(string(c.Role)), c.Release, c.Version, age(v.Now, c.Since), "", c.By}
		if c.Until != nil {
			cells[4] = c.Until.UTC().Format("15:04:05Z")
		}
		for i, cell := range cells {
			if cell == "" && i == 1 {
				cell = p.dash()
			}
			rows[i] = append(rows[i], cell)
		}
	}
	p.table(keepFilled(rows))
}

// keepFilled leaves out rows of which nothing is known.
func keepFilled(rows [][]string) (out [][]string) {
	for i, row := range rows {
		if i < 2 || strings.Join(row[1:], "") != "" {
			out = append(out, row)
		}
	}
	return out
}

func (p *printer) matrix(v view.Shop) {
	rows := [][]string{{" SERVICE", "ACTIVE", "CANDIDATE"}}
	third := v.Columns[1].Release == "" // then the way back is of interest
	if third {
		rows[0][2] = "PREVIOUS"
	}
	rows[0] = append(rows[0], "CHANGE")
	if p.Wide {
		rows[0] = append(rows[0], "IMAGE", "HELD BY")
	}
	for _, r := range v.Rows {
		other := r.Cells[1]
		if third {
			other = r.Cells[2]
		}
		row := []string{" " + r.Service, p.cell(r.Cells[0]), p.cell(other), p.changes(r.Changes)}
		if p.Wide {
			row = append(row, r.Cells[0].Image, holder(r.Owner))
		}
		rows = append(rows, row)
	}
	p.table(rows)
}

func (p *printer) cell(c view.Cell) string {
	count := fmt.Sprintf("%d/%d", c.Replicas.Ready, c.Replicas.Wanted)
	switch c.State {
	case view.CellNone:
		return p.dash()
	case view.CellReady:
		return p.mark(good) + " " + count
	case view.CellStarting:
		return p.mark(pending) + " " + count
	case view.CellTrouble:
		return p.mark(bad) + " " + count + " " + c.Reason
	case view.CellWithTraffic:
		return p.mark(faint) + " with traffic"
	case view.CellStopped:
		return p.mark(faint) + " stopped"
	case view.CellUnknown:
	}
	return "?"
}

func (p *printer) changes(all []view.Change) string {
	if len(all) == 0 {
		return "="
	}
	var parts []string
	for _, c := range all {
		parts = append(parts, p.change(c))
	}
	return strings.Join(parts, ", ")
}

// change is short: images by their tags, variables by their names.
func (p *printer) change(c view.Change) string {
	switch name, isEnv := strings.CutPrefix(c.Field, "env."); {
	case c.Field == "":
		return c.Op
	case c.Field == "image":
		from, to := view.Tags(c.From, c.To)
		return fmt.Sprintf("image %s %s %s", p.value(from), p.arrow(), p.value(to))
	case isEnv:
		return "env " + sign(c.Op) + name
	}
	return sign(c.Op) + c.Field
}

func sign(op string) string {
	switch op {
	case "added":
		return "+"
	case "removed":
		return "-"
	}
	return "~"
}

// holder is who applies an object; its annotations, which its team writes, say so.
func holder(h *view.Holder) string {
	switch {
	case h == nil:
		return ""
	case h.Name == "":
		return h.Manager
	case h.Namespace == "":
		return h.Kind + " " + h.Name
	}
	return h.Kind + " " + h.Namespace + "/" + h.Name
}
