package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/emporium-shop/emporium/internal/foresee"
)

// Plan prints what the operator would do.
func Plan(w io.Writer, f foresee.Foresight, o Options) error {
	p, f := &printer{Options: o, out: w}, plain(f)
	for _, line := range p.wrapped(p.outcome(f), 0) {
		p.line("%s", line)
	}
	if len(f.Diff) > 0 {
		p.line("")
		p.planned(f)
	}
	if len(f.Steps) > 0 {
		p.line("")
	}
	rows := make([][]string, 0, len(f.Steps))
	for i, s := range f.Steps {
		detail := s.Detail
		if s.Warning != "" {
			detail = strings.TrimSpace(detail + "   " + p.mark(bad) + " " + s.Warning)
		}
		rows = append(rows, []string{fmt.Sprintf(" %d %s", i+1, s.What), detail})
	}
	p.sentences(rows)
	if f.Refused != "" {
		p.line("")
		for _, line := range p.wrapped("refused: "+string(f.Refused)+": "+f.Why, 0) {
			p.line("%s", p.paint(bad, line))
		}
	}
	for _, note := range f.Notes {
		p.note("note", note)
	}
	return p.err
}

func (p *printer) outcome(f foresee.Foresight) string {
	switch {
	case !f.Changes && f.Refused == "":
		return fmt.Sprintf("%s would change nothing: %s serves.", f.Shop, f.Active)
	case f.Exists && f.Active != f.Release:
		return fmt.Sprintf("%s would go to %s, which was cut before, %s.", f.Shop, f.Release, services(f.Services))
	case f.Changes:
		return fmt.Sprintf("%s would cut %s (not seen before), %s.", f.Shop, f.Release, services(f.Services))
	}
	return fmt.Sprintf("%s would release nothing; %s goes on serving.", f.Shop, p.orNothing(f.Active))
}

func (p *printer) orNothing(release string) string {
	if release == "" {
		return "nothing"
	}
	return release
}

func services(n int) string {
	if n == 1 {
		return "1 service"
	}
	return fmt.Sprintf("%d services", n)
}

func (p *printer) planned(f foresee.Foresight) {
	rows := make([][]string, 0, len(f.Diff))
	for _, s := range f.Diff {
		mark := p.paint(pending, "~")
		for _, c := range s.Changes {
			if c.Field == "" {
				mark = map[string]string{"added": p.paint(good, "+"), "removed": p.paint(bad, "-")}[c.Op]
			}
		}
		rows = append(rows, []string{" " + mark + " " + s.Service, p.changes(s.Changes)})
	}
	p.table(rows)
	if same := f.Services - len(f.Diff); same > 0 {
		p.line(" = %s", strings.TrimSpace(services(same)+" unchanged, and started again: a release is the whole shop"))
	}
}
