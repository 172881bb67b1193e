package console

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/internal/view"
)

// functions of the templates. Each makes text; none makes HTML.
var functions = template.FuncMap{
	"ago":    ago,
	"away":   away,
	"at":     at,
	"stamp":  stamp,
	"day":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"sign":   sign,
	"word":   word,
	"pods":   pods,
	"path":   pathOf,
	"part":   func(parts ...string) string { return strings.Join(parts, "") },
	"column": column,
	"mood":   mood,
	"headOf": func(now time.Time, c view.Column) map[string]any { return map[string]any{"Now": now, "Column": c} },
	"latest": func(all []view.Step) []view.Step { return all[:min(len(all), 6)] },
	"holder": holder,
	"web": func(address string) bool {
		return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
	},
}

// pathOf a shop, and of what is below it.
func pathOf(namespace, name string, below ...string) string {
	path := "/shops/" + url.PathEscape(namespace) + "/" + url.PathEscape(name)
	for _, b := range below {
		path += "/" + url.PathEscape(b)
	}
	return path
}

// at takes the times that views hold.
func at(t any) time.Time {
	switch t := t.(type) {
	case time.Time:
		return t
	case *time.Time:
		if t != nil {
			return *t
		}
	case metav1.Time:
		return t.Time
	case *metav1.Time:
		if t != nil {
			return t.Time
		}
	}
	return time.Time{}
}

// ago is how long something lasts; "" where nobody knows when it began.
func ago(now time.Time, t any) string {
	if at(t).IsZero() {
		return ""
	}
	return inWords(max(0, now.Sub(at(t))))
}

// away is how long it is until something.
func away(now time.Time, t any) string {
	if at(t).IsZero() {
		return ""
	}
	return inWords(max(0, at(t).Sub(now)))
}

// stamp is a time for machines.
func stamp(t any) string { return at(t).UTC().Format(time.RFC3339) }

// sign and word of a state of a cell: nothing is said by colour alone.
func sign(state view.CellState) string {
	switch state {
	case view.CellReady:
		return "✔"
	case view.CellStarting:
		return "◌"
	case view.CellTrouble:
		return "✖"
	case view.CellWithTraffic, view.CellStopped:
		return "·"
	case view.CellUnknown:
		return "?"
	}
	return "–"
}

func word(state view.CellState) string {
	switch state {
	case view.CellReady:
		return "ready"
	case view.CellStarting:
		return "starting"
	case view.CellTrouble:
		return "in trouble"
	case view.CellWithTraffic:
		return "starts with traffic"
	case view.CellStopped:
		return "stopped"
	case view.CellUnknown:
		return "unknown"
	}
	return "not part of it"
}

func pods(r view.Replicas) string {
	if !r.Known {
		return "?"
	}
	return fmt.Sprintf("%d/%d", r.Ready, r.Wanted)
}

// mood of a shop: the class of its band, the sign and the word on it.
func mood(v view.Shop) [3]string {
	switch {
	case !v.Available:
		return [3]string{"bad", "✖", "Not available"}
	case v.Paused:
		return [3]string{"wait", "‖", "Paused"}
	case v.Stalled:
		return [3]string{"bad", "!", "Stalled"}
	case v.Ready:
		return [3]string{"good", "●", "Available"}
	}
	return [3]string{"wait", "◐", "Available"}
}

// holder names what applies a field.
func holder(h *view.Holder) string {
	if h == nil {
		return ""
	}
	if h.Kind == "" {
		return h.Manager
	}
	name := h.Name
	if h.Namespace != "" {
		name = h.Namespace + "/" + name
	}
	return h.Kind + " " + name + " (" + h.Manager + ")"
}
