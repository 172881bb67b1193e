package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/emporium-shop/emporium/internal/view"
)

// Why prints the chain from a shop to the cause.
func Why(w io.Writer, c view.Chain, o Options) error {
	p := &printer{Options: o, out: w}
	for _, line := range p.wrapped(clean(c.Summary), 0) {
		p.line("%s", line)
	}
	if len(c.Links) > 0 {
		p.line("")
		p.links(c.Links)
	}
	var lines [][2]string
	if c.Ends != nil {
		lines = append(lines, [2]string{"ends", fmt.Sprintf("%s (in %s): %s", c.Ends.UTC().Format("15:04:05Z"), span(c.Ends.Sub(c.Now)), c.End)})
	}
	if c.Object != "" {
		owner := c.Object
		if h := holder(c.Owner); h != "" {
			owner += ", held by " + h
		}
		lines = append(lines, [2]string{"owner", clean(owner)})
	}
	if c.Do != "" {
		lines = append(lines, [2]string{"do", clean(c.Do)})
	}
	p.labelled(lines)
	p.gaps(c.Gaps)
	return p.err
}

func (p *printer) links(all []view.Link) {
	rows := make([][]string, 0, len(all))
	for i, l := range all {
		state := clean(l.State)
		if i > 0 {
			state = p.paint(pending, state)
		}
		rows = append(rows, []string{"  " + p.branch(l.Depth) + clean(l.Object), state, clean(l.Detail)})
	}
	p.table(rows)
}

func (p *printer) branch(depth int) string {
	if depth == 0 {
		return ""
	}
	end := "└ "
	if p.ASCII {
		end = "`- "
	}
	return strings.Repeat("  ", depth-1) + end
}

// Tree prints a shop's objects.
func Tree(w io.Writer, n view.Node, o Options) error {
	p := &printer{Options: o, out: w}
	var rows [][]string
	var walk func(n view.Node, lead, below string)
	walk = func(n view.Node, lead, below string) {
		mark := p.mark(faint)
		if n.Healthy != nil && *n.Healthy {
			mark = p.mark(good)
		} else if n.Healthy != nil {
			mark = p.mark(bad)
		}
		rows = append(rows, []string{lead + clean(n.Object), mark + " " + clean(n.State), clean(n.Detail)})
		for i, b := range n.Below {
			last := i == len(n.Below)-1
			walk(b, below+p.limb(last), below+p.trunk(last))
		}
	}
	walk(n, "", "")
	p.table(rows)
	return p.err
}

func (p *printer) limb(last bool) string {
	switch {
	case p.ASCII && last:
		return "`- "
	case p.ASCII:
		return "|- "
	case last:
		return "└─ "
	}
	return "├─ "
}

func (p *printer) trunk(last bool) string {
	switch {
	case last:
		return "   "
	case p.ASCII:
		return "|  "
	}
	return "│  "
}

// Diff prints what differs between two releases, service by service.
func Diff(w io.Writer, all []view.ServiceDiff, o Options) error {
	p := &printer{Options: o, out: w}
	for _, s := range all {
		p.line("%s", p.paint(strong, s.Service))
		for _, c := range s.Changes {
			p.difference(c)
		}
	}
	return p.err
}

func (p *printer) difference(c view.Change) {
	field := c.Field
	if field == "" {
		field = "service"
	}
	switch c.Op {
	case "added":
		p.line("  %s %s", p.paint(good, "+ "+pad(clean(field), 16)), clean(c.To))
	case "removed":
		p.line("  %s %s", p.paint(bad, "- "+pad(clean(field), 16)), clean(c.From))
	default:
		p.line("  %s %s %s %s", p.paint(pending, "~ "+pad(clean(field), 16)), clean(c.From), p.arrow(), clean(c.To))
	}
}

// History prints the switches of a shop, newest first; wide: the other steps as well.
func History(w io.Writer, all []view.Step, o Options) error {
	p := &printer{Options: o, out: w}
	rows := [][]string{{"WHEN", "WHAT", "TO", "FROM", "BY", "TOOK", "BECAUSE"}}
	for _, s := range all {
		if s.Cause == "" && !p.Wide {
			continue
		}
		row := []string{s.At.UTC().Format("2006-01-02 15:04:05Z"), string(s.Cause), s.To, s.From, clean(s.By), "", clean(s.Because)}
		if s.Cause == "" {
			row[1], row[2] = string(s.Reason), s.Release
		}
		if s.ConfirmMillis != nil {
			row[5] = fmt.Sprintf("%dms", *s.ConfirmMillis)
		}
		rows = append(rows, row)
	}
	p.table(rows)
	return p.err
}
