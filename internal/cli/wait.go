package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/gather"
)

func newWait(e *env) *cobra.Command {
	var timeout time.Duration
	var until string
	cmd := &cobra.Command{
		Use: "wait SHOP", Args: between(1, 1), Short: "Wait for a state of the shop, and print each step on the way",
		Long: "Waits, and prints each step on the way. --for:\n" +
			"  serving    what the Shop asks for serves\n" +
			"  awaiting   a candidate is ready and waits for approval\n" +
			"  settled    nothing is under way: what is asked for serves alone, or approval is waited for, or the shop is paused\n" +
			"  release=R  the release of that name or version serves, and the front door has confirmed it\n" +
			"Exit code 7: nothing goes on until somebody changes something. 8: it took longer than --timeout.",
		RunE: func(cmd *cobra.Command, args []string) error {
			what, err := parseTarget(until)
			if err != nil {
				return err
			}
			shop, err := e.at(args[0])
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), timeout, &coded{exitTimedOut, fmt.Sprintf("Shop %s did not get there within %s", args[0], timeout)})
			defer cancel()
			return e.until(ctx, shop, what)
		},
	}
	cmd.Flags().StringVar(&until, "for", "serving", "What to wait for: serving, awaiting, settled or release=R")
	cmd.Flags().DurationVar(&timeout, "timeout", 15*time.Minute, "How long to wait at most")
	return cmd
}

// target is what is waited for.
type target struct {
	state, release string
}

func parseTarget(text string) (target, error) {
	state, release, _ := strings.Cut(text, "=")
	switch {
	case state == "release" && release != "", release == "" && (state == "serving" || state == "awaiting" || state == "settled"):
		return target{state, release}, nil
	}
	return target{}, usage("--for=%s is no state: use serving, awaiting, settled or release=NAME", text)
}

func servedBy(r act.Result) target { return target{"release", r.Release} }

// reached tells whether a shop is where it is waited for. A status of before the last change of the spec tells nothing.
func (t target) reached(s *v1alpha1.Shop) bool {
	if s.Status.ObservedGeneration < s.Generation {
		return false
	}
	reason, is := saying(s).Reason, func(c v1alpha1.ConditionType) bool { return meta.IsStatusConditionTrue(s.Status.Conditions, string(c)) }
	switch t.state {
	case "serving":
		return is(v1alpha1.ConditionReady)
	case "awaiting":
		return is(v1alpha1.ConditionAwaitingApproval)
	case "settled":
		return is(v1alpha1.ConditionAwaitingApproval) || reason == string(v1alpha1.ReasonPaused) || (is(v1alpha1.ConditionReady) && reason == string(v1alpha1.ReasonServing))
	}
	a := s.Status.Active
	return a != nil && (a.Release == t.release || a.Version == t.release) && reason != string(v1alpha1.ReasonSwitching)
}

func stalled(s *v1alpha1.Shop) bool {
	return s.Status.ObservedGeneration >= s.Generation && meta.IsStatusConditionTrue(s.Status.Conditions, string(v1alpha1.ConditionStalled))
}

func saying(s *v1alpha1.Shop) metav1.Condition {
	if c := meta.FindStatusCondition(s.Status.Conditions, string(v1alpha1.ConditionReady)); c != nil {
		return *c
	}
	return metav1.Condition{Reason: "Unknown", Message: "the operator has not said anything of it yet"}
}

// until waits, and prints each step.
func (e *env) until(ctx context.Context, shop *at, what target) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed, ended := make(chan struct{}, 1), make(chan struct{})
	var lost error
	go func() {
		defer close(ended)
		lost = (&gather.Watcher{API: shop.api}).Shop(ctx, shop.key, true, changed)
	}()
	defer func() { cancel(); <-ended }() // nothing of it is left when the command ends
	steps := &steps{out: e.progress()}
	for {
		select {
		case <-changed:
		case <-ended:
			return causeOf(ctx, lost)
		}
		live, err := shop.reader.Alone(ctx, shop.key)
		if err != nil {
			return causeOf(ctx, err)
		}
		steps.tell(e.clock.Now(), live)
		switch {
		case what.reached(live):
			return e.arrived(live)
		case stalled(live):
			return &coded{exitStalled, fmt.Sprintf("Shop %s waits for somebody: kubectl shop why %s -n %s says more", live.Name, live.Name, live.Namespace)}
		}
	}
}

// progress is where steps are told: with -o json and the like the output is for programs.
func (e *env) progress() io.Writer {
	if e.forPeople() {
		return e.Out
	}
	return e.Err
}

func (e *env) arrived(s *v1alpha1.Shop) error {
	if e.forPeople() {
		return nil
	}
	return e.print(shown{value: s.Status, names: []string{shopName(s.Name)}})
}

// steps prints what is new.
type steps struct {
	out  io.Writer
	last string
}

func (s *steps) tell(now time.Time, shop *v1alpha1.Shop) {
	c := saying(shop)
	if line := c.Reason + "  " + c.Message; line != s.last {
		s.last = line
		fmt.Fprintf(s.out, "%s  %s\n", now.Local().Format(time.TimeOnly), text.Clean(line))
	}
}

// causeOf prefers the reason for which a context ended to the error that came of it.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}
