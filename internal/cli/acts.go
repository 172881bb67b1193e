package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/cli/text"
)

// acting is one of the acts, with its flags.
type acting struct {
	*env
	act.Request
	wait bool
	// waitsFor is what --wait waits for, once it is done.
	waitsFor func(act.Result) target
}

func newPromote(e *env) *cobra.Command {
	a := &acting{env: e, Request: act.Request{Verb: "promote"}, waitsFor: servedBy}
	cmd := &cobra.Command{
		Use: "promote SHOP [RELEASE]", Aliases: []string{"approve"}, Args: between(1, 2),
		Short: "Let the candidate serve: spec.release.active names it",
		Long: "Lets the candidate serve that you looked at. Name it: where it was replaced meanwhile, or is not ready, nothing is changed (exit code 5). " +
			"Where a Git tool holds spec.release.active, the change to commit is printed (exit code 4).",
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	a.flags(cmd, true)
	cmd.Flags().BoolVar(&a.wait, "wait", false, "Wait until it serves, as kubectl shop wait --for release=RELEASE does")
	return cmd
}

func newRollback(e *env) *cobra.Command {
	a := &acting{env: e, Request: act.Request{Verb: "rollback"}, waitsFor: servedBy}
	cmd := &cobra.Command{
		Use: "rollback SHOP [RELEASE]", Aliases: []string{"back"}, Args: between(1, 2),
		Short: "Go back to an older release: spec.release.active pins it",
		Long: "Goes back to the release before, or to the one that is named. What cannot serve is refused (exit code 6): a release that is not kept any more, " +
			"one that broke the guard, one from before an irreversible migration. Afterwards repair the services, then: kubectl shop unpin SHOP.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	a.flags(cmd, true)
	cmd.Flags().BoolVar(&a.wait, "wait", false, "Wait until it serves")
	return cmd
}

func newUnpin(e *env) *cobra.Command {
	a := &acting{env: e, Request: act.Request{Verb: "unpin"}}
	cmd := &cobra.Command{
		Use: "unpin SHOP", Args: between(1, 1), Short: "Clear spec.release.active, so that newer releases follow",
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	a.flags(cmd, true)
	return cmd
}

func newRetry(e *env) *cobra.Command {
	a := &acting{env: e, Request: act.Request{Verb: "retry"}}
	cmd := &cobra.Command{
		Use: "retry SHOP [RELEASE|CHECK|SERVICE]", Args: between(1, 2), Short: "Try again what failed: a check, a migration, or a release",
		Long: "Tries again what failed: the Job of a check or of a service's migration, or a release that broke the guard or was not ready in time. " +
			"Without a name it is what the shop waits for.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	a.flags(cmd, false)
	return cmd
}

func newPause(e *env) *cobra.Command {
	a := &acting{env: e, Request: act.Request{Verb: "pause"}}
	cmd := &cobra.Command{
		Use: "pause SHOP", Args: between(1, 1), Short: "Let the operator change nothing of the shop; what serves goes on serving",
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	a.flags(cmd, false)
	return cmd
}

func newResume(e *env) *cobra.Command {
	a := &acting{env: e, Request: act.Request{Verb: "resume"}}
	cmd := &cobra.Command{
		Use: "resume SHOP", Args: between(1, 1), Short: "End a pause",
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), args) },
	}
	a.flags(cmd, false)
	return cmd
}

func (a *acting) flags(cmd *cobra.Command, explains bool) {
	cmd.Flags().BoolVar(&a.Force, "force", false, "Take the field although a Git tool holds it, which will put it back")
	if explains {
		cmd.Flags().StringVar(&a.Because, "because", "", "Why, in your words; kept in the shop's history")
	}
}

func (a *acting) run(ctx context.Context, args []string) error {
	shop, err := a.at(args[0])
	if err != nil {
		return err
	}
	if a.Shop = shop.key; len(args) == 2 {
		a.Release = args[1]
	}
	if a.Release == "" && (a.Verb == "promote" || a.Verb == "rollback") {
		if err := a.choose(ctx, shop); err != nil {
			return err
		}
	}
	result, err := shop.actor.Act(ctx, a.Request)
	if err != nil {
		return err
	}
	if err := a.print(shown{value: result, names: []string{shopName(a.Shop.Name)}, text: func(out io.Writer, _ bool) error { return say(out, result) }}); err != nil {
		return err
	}
	if a.wait {
		return a.until(ctx, shop, a.waitsFor(result))
	}
	return nil
}

func say(out io.Writer, r act.Result) error {
	_, err := fmt.Fprintln(out, text.Clean(r.Done))
	if r.Warning != "" {
		_, err = fmt.Fprintln(out, "Mind: "+text.Clean(r.Warning))
	}
	return err
}

// choose asks whether the release is meant that is next. What is asked about is what is approved: it is named in the request.
func (a *acting) choose(ctx context.Context, shop *at) error {
	live, err := shop.reader.Alone(ctx, shop.key)
	if err != nil {
		return err
	}
	next := ""
	switch s := live.Status; {
	case a.Verb == "promote" && s.Candidate != nil:
		next = s.Candidate.Release
	case a.Verb == "rollback" && s.Previous != nil:
		next = s.Previous.Release
	}
	if next == "" {
		return nil // there is nothing to ask: the act says what is there instead
	}
	if !terminal(a.In) || !a.forPeople() {
		return usage("name the release, so that what was looked at is what serves: kubectl shop %s %s %s -n %s", a.Verb, a.Shop.Name, next, a.Shop.Namespace)
	}
	a.Release = next
	return a.confirm(ctx, fmt.Sprintf("Let %s serve Shop %s in namespace %s? [y/N] ", next, a.Shop.Name, a.Shop.Namespace))
}

// confirm reads one line. Whoever presses Ctrl-C need not press enter.
func (e *env) confirm(ctx context.Context, question string) error {
	fmt.Fprint(e.Err, text.Clean(question))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(e.In).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(e.Err)
		return ctx.Err()
	case said := <-answer:
		if said == "y" || said == "yes" {
			return nil
		}
		return &coded{exitError, "nothing was changed"}
	}
}

func shopName(shop string) string { return "shop.shop.emporium.dev/" + shop }
