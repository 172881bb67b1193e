package status

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
)

// mostWaits bounds status.waitingFor, as its schema does.
const mostWaits = 50

func waitingFor(d *plan.Decision) (out []v1alpha1.Wait) {
	for _, w := range d.Waits[:min(len(d.Waits), mostWaits)] {
		wait := v1alpha1.Wait{Kind: w.Kind, Name: w.Name, Release: w.Release, Reason: bounded(w.Reason)}
		if !w.Until.IsZero() {
			until := metav1.NewTime(w.Until.Truncate(time.Second))
			wait.Until = &until
		}
		out = append(out, wait)
	}
	return out
}

// badRetry says that nobody understands what shall be tried again.
func badRetry(w *observe.World) string {
	value := w.Observed.Retry
	if _, ok := plan.ParseRetry(value); ok || value == "" {
		return ""
	}
	return fmt.Sprintf("; annotation %s is %.100q, and should be <release>/<job>@<time> or <release>/-@<time>: kubectl shop retry writes it", v1alpha1.AnnotationRetry, value)
}
