package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// told is a wait in one line.
func told(w Wait) string {
	s := strings.TrimSpace(fmt.Sprintf("%s %s", w.Kind, w.Name))
	if w.Release != "" {
		s += " of " + w.Release
	}
	if w.Reason != "" {
		s += ": " + w.Reason
	}
	if !w.Until.IsZero() {
		s += " until " + w.Until.Format("15:04:05")
	}
	return s
}

// starting is the shop whose candidate b runs with so many pods of the cart.
func starting(cart Running) Observed {
	o := shop()
	o.Releases[1].CandidateSince = nine
	o.Table.Switch = &frontdoor.Switch{At: nine.Add(-time.Hour)}
	o.Stacks[relB] = Stack{"cart": cart, "catalog": pods(2)}
	return o
}

func migratesCart(job Job) Observed {
	o := starting(Running{})
	delete(o.Stacks, relB)
	o.Releases[1].Services[0].Migration = &Migration{Identity: "2"}
	o.Migrations = map[string]map[string]Job{relB: {"cart": job}}
	return o
}

func checked(job Job) Observed {
	o := starting(pods(2))
	o.Policy.Checks = []string{"smoke", "prices"}
	o.Releases[1].PassedChecks = []string{"prices"}
	o.Table.Preview = relB
	o.Checks = map[string]map[string]Job{relB: {"smoke": job}}
	return o
}

func with(o Observed, change func(*Observed)) Observed {
	change(&o)
	return o
}

func TestWhatIsWaitedForIsToldAsFields(t *testing.T) {
	cart := "Service cart of " + relB
	for name, x := range map[string]struct {
		o    Observed
		want []string
	}{
		"at rest nothing": {with(shop(), func(o *Observed) { o.Content.Release = relA; o.Table.Switch.At = nine.Add(-time.Hour) }), nil},
		"a way back that is kept is nothing to wait for": {with(shop(), func(o *Observed) {
			o.Content.Release, o.Table.Switch.From = relA, relB
			o.Stacks[relB] = Stack{"cart": pods(2), "catalog": pods(2)}
		}), nil},
		"services settle": {with(committed(), func(o *Observed) { o.Content.Since = at(2 * time.Second); o.Content.Began = at(2 * time.Second) }), []string{"Settle until 09:00:07"}},
		"settling ends although changes keep coming": {with(committed(), func(o *Observed) { o.Content.Since = at(2 * time.Second); o.Content.Began = at(-47 * time.Second) }),
			[]string{"Settle until 09:00:03"}},
		"sources build":                    {with(committed(SourceBuild{Name: "cart", Timeout: time.Minute}, SourceBuild{Name: "tax", Timeout: time.Second}), func(o *Observed) { o.Policy.Settle = 0 }), []string{"Build cart until 09:01:00"}},
		"a service has no pods":            {starting(Running{Wanted: 2, Current: true, Trouble: "ImagePullBackOff"}), []string{cart + ": ImagePullBackOff until 09:10:00"}},
		"a service starts":                 {starting(pods(1)), []string{cart + " until 09:10:00"}},
		"a service is past its deadline":   {with(starting(pods(1)), func(o *Observed) { o.Releases[1].CandidateSince = nine.Add(-11 * time.Minute) }), []string{cart}},
		"a migration runs":                 {migratesCart(Job{State: JobRunning, Started: true}), []string{"Migration cart of " + relB}},
		"a migration failed":               {migratesCart(Job{State: JobFailed}), []string{"Migration cart of " + relB + ": Failed"}},
		"a migration's pod has no image":   {migratesCart(Job{State: JobRunning, Trouble: "ErrImagePull"}), []string{"Migration cart of " + relB + ": ErrImagePull"}},
		"a check runs":                     {checked(Job{State: JobRunning}), []string{"Check smoke of " + relB}},
		"a check failed at its deadline":   {checked(Job{State: JobFailed, Trouble: "it did not end within its deadline"}), []string{"Check smoke of " + relB + ": it did not end within its deadline"}},
		"somebody has to approve":          {with(starting(pods(2)), func(o *Observed) { o.Policy.Manual = true }), []string{"Approval of " + relB}},
		"the front door is being switched": {starting(pods(2)), []string{"FrontDoor of " + relB}},
		"a replica does not follow": {with(starting(pods(2)), func(o *Observed) {
			o.Table.Active, o.Table.Switch = relB, &frontdoor.Switch{At: nine, From: relA}
			o.FrontDoor.Confirmed = 1
		}), []string{"FrontDoor of " + relB}},
		"the front door does not start": {with(starting(pods(2)), func(o *Observed) {
			o.Content.Release, o.FrontDoor = relA, FrontDoor{Trouble: "acme-front-door-1 (ImagePullBackOff)", TroubleReason: "ImagePullBackOff"}
		}), []string{"FrontDoor of " + relA + ": ImagePullBackOff"}},
		"the window of the one before": {with(starting(pods(2)), func(o *Observed) {
			o.Releases = append(o.Releases, Release{Name: relC, Services: services("cart-3")})
			o.Table.Switch, o.Content.Release = &frontdoor.Switch{At: nine, From: relB}, relC
		}), []string{"Window " + relB + " until 09:15:00"}},
		"a stack that is replaced goes": {with(starting(pods(2)), func(o *Observed) {
			o.Releases = append(o.Releases, Release{Name: relC, Services: services("cart-3")})
			o.Content.Release = relC
		}), []string{"Window " + relB + " of " + relC}},
		"a quota has no room": {with(shop(), func(o *Observed) {
			o.Table.Switch = &frontdoor.Switch{At: nine.Add(-time.Hour)}
			o.Releases[1].Services[0].PerPod = map[string]resource.Quantity{string(corev1.ResourcePods): resource.MustParse("1")}
			o.Quotas = []Quota{{Name: "compute", Left: map[string]resource.Quantity{string(corev1.ResourcePods): resource.MustParse("1")}}}
		}), []string{"Quota compute of " + relB}},
		"what serves lost pods": {with(shop(), func(o *Observed) {
			o.Content.Release = relA
			o.Stacks[relA]["catalog"] = Running{Wanted: 2, Current: true, Available: 1, Trouble: "CrashLoopBackOff"}
		}), []string{"Service catalog of " + relA + ": CrashLoopBackOff"}},
		"only a change of services helps": {with(committed(), func(o *Observed) { o.Content.Problems = []string{"no"}; o.Policy.Settle = 0 }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := Plan(x.o, at(2*time.Second))
			var got []string
			for _, w := range d.Waits {
				got = append(got, told(w))
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("%s (%s): it waits for %q, want %q", d.Reason, d.Message, got, x.want)
			}
			if later := Plan(x.o, at(2*time.Second+time.Millisecond)); !d.Table.Switching && !slices.Equal(later.Waits, d.Waits) {
				t.Errorf("a moment later, nothing changed, it waits for %v, before for %v: each pass would write the status", later.Waits, d.Waits)
			}
		})
	}
}
