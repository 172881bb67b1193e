package text

import (
	"fmt"
	"io"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// facts are the lines between the matrix and what to do.
func (p *printer) facts(v view.Shop) {
	var lines [][2]string
	if len(v.Checks) > 0 {
		var all []string
		for _, c := range v.Checks {
			all = append(all, strings.TrimSpace(c.Name+" "+p.checkMark(c.State)+" "+c.Took))
		}
		lines = append(lines, [2]string{"checks", strings.Join(all, "   ")})
	}
	for _, w := range v.Waits {
		lines = append(lines, [2]string{"waits for", p.wait(w)})
	}
	if g := v.Guard; g != nil && g.Until != nil {
		lines = append(lines, [2]string{"watched", "until " + g.Until.UTC().Format("15:04:05Z")})
	}
	if v.Pending != "" {
		lines = append(lines, [2]string{"held back", v.Pending})
	}
	if v.PreviewAddress != "" {
		lines = append(lines, [2]string{"preview", v.PreviewAddress})
	}
	p.labelled(lines)
}

// labelled prints lines under a blank one, each label once.
func (p *printer) labelled(lines [][2]string) {
	if len(lines) > 0 {
		p.line("")
	}
	last := ""
	for _, l := range lines {
		name := l[0]
		if name == last {
			name = ""
		}
		last = l[0]
		for _, text := range p.wrapped(l[1], label+1) {
			p.line(" %s%s", pad(name, label), text)
			name = ""
		}
	}
}

func (p *printer) checkMark(state string) string {
	switch state {
	case "Passed":
		return p.mark(good)
	case "Failed":
		return p.mark(bad) + " failed"
	case "Running":
		return p.mark(pending) + " runs"
	}
	return p.mark(faint) + " waits"
}

var waitWords = map[v1alpha1.WaitKind]string{
	v1alpha1.WaitSettle: "services to be quiet", v1alpha1.WaitBuild: "the build of", v1alpha1.WaitMigration: "the migration of", v1alpha1.WaitService: "service",
	v1alpha1.WaitCheck: "check", v1alpha1.WaitApproval: "approval", v1alpha1.WaitFrontDoor: "the front door", v1alpha1.WaitWindow: "the stack to be gone of", v1alpha1.WaitQuota: "room in ResourceQuota",
}

func (p *printer) wait(w view.Wait) string {
	s := strings.TrimSpace(waitWords[w.Kind] + " " + w.Name)
	if w.Reason != "" {
		s += " (" + w.Reason + ")"
	}
	if w.Until != nil {
		s += ", until " + w.Until.UTC().Format("15:04:05Z")
	}
	return s
}

// actions are what can be typed now: what is suggested first, pause and resume where they are suggested only. Of what would be
// refused it is said why, since people think of it all the same.
func (p *printer) actions(v view.Shop) {
	var lines [][2]string
	for _, suggested := range []bool{true, false} {
		for _, a := range v.Actions {
			switch {
			case a.Suggested != suggested || (!suggested && a.Verb == "pause"):
			case a.Refused != "":
				lines = append(lines, [2]string{words[a.Verb], "refused: " + a.Refused})
			default:
				lines = append(lines, [2]string{words[a.Verb], a.Command})
			}
		}
	}
	if v.Reason == v1alpha1.ReasonAwaitingPromotion {
		lines = append(lines, [2]string{"look first", fmt.Sprintf("kubectl shop diff %s -n %s", v.Name, v.Namespace)})
	}
	if !v.Ready && v.Reason != v1alpha1.ReasonAwaitingPromotion && v.Reason != v1alpha1.ReasonPaused && v.Reason != "" {
		lines = append(lines, [2]string{"why", fmt.Sprintf("kubectl shop why %s -n %s", v.Name, v.Namespace)})
	}
	p.labelled(lines)
}

var words = map[string]string{"promote": "approve", "rollback": "go back", "unpin": "unpin", "retry": "try again", "pause": "pause", "resume": "go on"}

// List prints shops, one line each.
func List(w io.Writer, all []view.Shop, o Options) error {
	p, all := &printer{Options: o, out: w}, plain(all)
	rows := [][]string{{"NAMESPACE", "SHOP", "STATUS", "FOR", "ACTIVE", "CANDIDATE", "SERVED", "MESSAGE"}}
	for _, v := range all {
		served := p.mark(good) + " yes"
		if !v.Available {
			served = p.mark(bad) + " no"
		}
		row := []string{v.Namespace, v.Name, p.paint(tone(v), string(v.Reason)), age(v.Now, v.Since), "", "", served, v.Message}
		for i := range 2 {
			if i < len(v.Columns) {
				row[4+i] = v.Columns[i].Release
			}
			if row[4+i] == "" {
				row[4+i] = p.dash()
			}
		}
		rows = append(rows, row)
	}
	p.table(rows)
	return p.err
}
