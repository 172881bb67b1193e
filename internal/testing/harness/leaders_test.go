package harness

import (
	"context"
	"fmt"
	"math/rand"
	"testing"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// TestTwoLeaders: two operators work at once, as when a lease was lost and its holder does
// not know. Whoever decided on an old view loses, and nobody is hurt.
func TestTwoLeaders(t *testing.T) {
	budget := newBudget(t)
	for _, s := range someScenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want, writes := undisturbed(t, s.begin)
			for seed := range seeds(2) {
				budget.made.Add(1)
				r := rand.New(rand.NewSource(int64(seed)))
				w := s.begin()
				w.StartOperator()
				w.Delay, w.Blurred = lagging(r), true
				crashed(t, w, want, fmt.Sprintf("two at once, seed %d", seed))
			}
			for n := 1; n <= len(writes); n++ {
				if budget.takes(n, commits(writes[n-1])) {
					w := s.begin()
					lateWrite(w, func(c cluster.Call) bool { return c.N == n })
					w.Close()
					w.Check(t, fmt.Sprintf("frozen at write %d (%s %s)", n, writes[n-1].Verb, writes[n-1].Key))
				}
			}
		})
	}
}

// lateWrite stops an operator right before a write, lets another one take over and a user go
// back, and lets the first one finish what it was about to do.
func lateWrite(w *World, it func(cluster.Call) bool) {
	arrived, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	first := w.StartOperator()
	first.Client.OnCall = func(c cluster.Call) cluster.Fault {
		if !first.frozen.Load() && it(c) {
			first.frozen.Store(true)
			close(arrived)
			<-goOn
		}
		return cluster.Fault{}
	}
	first.drive = func(req ctrl.Request) (ctrl.Result, error) {
		type answer struct {
			result ctrl.Result
			err    error
		}
		done := make(chan answer, 1)
		go func() {
			result, err := first.Reconciler.Reconcile(context.Background(), req)
			late := first.frozen.Load() // before the next pass can begin, and freeze
			done <- answer{result, err}
			if late {
				close(ended)
			}
		}()
		select {
		case a := <-done:
			return a.result, a.err
		case <-arrived:
			return ctrl.Result{}, nil
		}
	}
	for !first.frozen.Load() && w.Step() {
	}
	if !first.frozen.Load() {
		return
	}
	w.StartOperator()
	w.Rest()
	w.Image("cart", "cart:1") // the way back, or nothing where it serves
	w.Until(func() bool {
		is, _ := w.Reason()
		return is == v1alpha1.ReasonRollbackWindow || is == v1alpha1.ReasonServing
	})
	w.For(10 * time.Second)
	first.Client.Wake()
	close(goOn)
	<-ended
	first.Kill()
	w.Rest()
	w.Always.AtRest()
}
