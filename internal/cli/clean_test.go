package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/view"
)

const evil = "a\x1b[31mred\x1b[0m\r\u202eb\a\x00\u009b31m"

func obeyed(text string) bool { return strings.ContainsAny(text, "\x1b\r\a\x00\u202e\u009b") }

// TestARefusalIsNotObeyedByATerminal: it names releases, managers and what the API server and webhooks said.
func TestARefusalIsNotObeyedByATerminal(t *testing.T) {
	for name, err := range map[string]error{
		"held by Git":           &act.Refusal{Code: act.HeldByGit, Message: evil, Patch: "-  active: " + evil + "\n", Holder: &view.Holder{Manager: evil, Name: evil}},
		"it cannot serve":       &act.Refusal{Code: act.CannotServe, Message: "release " + evil + " broke the guard: " + evil},
		"an error of a webhook": fmt.Errorf("writing Shop acme: %s", evil),
		"called wrongly":        usage("name the release: %s", evil),
	} {
		var errs bytes.Buffer
		e := &env{Streams: Streams{Err: &errs}}
		e.exit(err)
		if errs.Len() == 0 || obeyed(errs.String()) {
			t.Errorf("%s: a terminal obeys %q", name, errs.String())
		}
	}
}

func shopSaying(message string) *v1alpha1.Shop {
	s := shopThat(v1alpha1.ReasonServing)
	for i := range s.Status.Conditions {
		s.Status.Conditions[i].Message = message
	}
	return s
}

func TestWhatWasDoneIsNotObeyedByATerminal(t *testing.T) {
	var out bytes.Buffer
	if err := say(&out, act.Result{Done: evil, Warning: evil}); err != nil || out.Len() == 0 || obeyed(out.String()) {
		t.Errorf("a terminal obeys %q (%v)", out.String(), err)
	}
	out.Reset()
	(&steps{out: &out}).tell(time.Now(), shopSaying(evil))
	if out.Len() == 0 || obeyed(out.String()) {
		t.Errorf("a terminal obeys %q", out.String())
	}
	f := finding{What: evil, Found: evil, Do: evil}
	out.Reset()
	tell(&out, f)
	if out.Len() == 0 || obeyed(out.String()) {
		t.Errorf("a terminal obeys %q", out.String())
	}
}
