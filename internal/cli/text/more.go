package text

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/emporium-shop/emporium/internal/view"
)

// Why prints the chain from a shop to the cause.
func Why(w io.Writer, c view.Chain, o Options) error {
	p, c := &printer{Options: o, out: w}, plain(c)
	for _, line := range p.wrapped(c.Summary, 0) {
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
		lines = append(lines, [2]string{"owner", owner})
	}
	if c.Do != "" {
		lines = append(lines, [2]string{"do", c.Do})
	}
	p.labelled(lines)
	p.gaps(c.Gaps)
	return p.err
}

func (p *printer) links(all []view.Link) {
	rows := make([][]string, 0, len(all))
	for i, l := range all {
		state := l.State
		if i > 0 {
			state = p.paint(pending, state)
		}
		rows = append(rows, []string{"  " + p.branch(l.Depth) + l.Object, state, l.Detail})
	}
	p.sentences(rows)
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
	p, n := &printer{Options: o, out: w}, plain(n)
	var rows [][]string
	var walk func(n view.Node, lead, below string)
	walk = func(n view.Node, lead, below string) {
		mark := p.mark(faint)
		if n.Healthy != nil && *n.Healthy {
			mark = p.mark(good)
		} else if n.Healthy != nil {
			mark = p.mark(bad)
		}
		rows = append(rows, []string{lead + n.Object, mark + " " + n.State, n.Detail})
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
		p.line("%s", p.paint(strong, clean(s.Service)))
		for _, c := range s.Changes {
			p.difference(c)
		}
	}
	return p.err
}

func (p *printer) difference(c view.Change) {
	field := pad(clean(cmp.Or(c.Field, "service")), 16)
	from, to := apart(c.From, c.To)
	switch c.Op {
	case "added":
		p.line("  %s %s", p.paint(good, "+ "+field), p.value(to))
	case "removed":
		p.line("  %s %s", p.paint(bad, "- "+field), p.value(from))
	default:
		p.altered(field, p.value(from), p.value(to))
	}
}

// altered is one line where it fits; else both values below each other, where the eye finds the difference.
func (p *printer) altered(field, from, to string) {
	head := p.paint(pending, "~ "+field)
	if line := fmt.Sprintf("  %s %s %s %s", head, from, p.arrow(), to); p.Width == 0 || width(line) <= p.Width {
		p.line("%s", line)
		return
	}
	p.line("  %s", p.paint(pending, strings.TrimSpace("~ "+field)))
	p.line("    %s", p.paint(bad, "- "+from))
	p.line("    %s", p.paint(good, "+ "+to))
}

// value is one that may have been shortened.
func (p *printer) value(s string) string {
	if p.ASCII {
		return strings.ReplaceAll(s, "…", "...")
	}
	return s
}

// History prints the switches of a shop, newest first; wide: the other steps as well.
func History(w io.Writer, all []view.Step, o Options) error {
	p, all := &printer{Options: o, out: w}, plain(all)
	rows := [][]string{{"WHEN", "WHAT", "TO", "FROM", "BY", "TOOK", "BECAUSE"}}
	for _, s := range all {
		if s.Cause == "" && !p.Wide {
			continue
		}
		row := []string{s.At.UTC().Format("2006-01-02 15:04:05Z"), string(s.Cause), s.To, s.From, s.By, "", s.Because}
		if s.Cause == "" {
			row[1], row[2] = string(s.Reason), s.Release
		}
		if s.ConfirmMillis != nil {
			row[5] = fmt.Sprintf("%dms", *s.ConfirmMillis)
		}
		rows = append(rows, row)
	}
	p.sentences(rows)
	return p.err
}
