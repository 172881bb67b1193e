package act

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// judgeRetry asks for one more try of what failed: a migration, a check, or a release as a whole. The request names it as
// <release>, <release>/<service or check>, or <service or check>; <release>/- is a release as a whole, as in the annotation.
func judgeRetry(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease, r Request, now time.Time) (intent, error) {
	known := failures(shop, releases)
	i := slices.IndexFunc(known, func(f failure) bool { return f.is(r.Release) })
	if i < 0 {
		return intent{}, refuse(CannotServe, "nothing of Shop %s failed that could be tried again%s: %s", shop.Name, tryOf(r.Release, known), saying(shop))
	}
	f := known[i]
	out := intent{path: pathRetry, release: f.release, done: f.done(shop.Name)}
	out.value = fmt.Sprintf("%s/%s@%s", f.release, f.job(), now.UTC().Format(time.RFC3339))
	if was := shop.Annotations[v1alpha1.AnnotationRetry]; was != "" && was != shop.Status.Retried && strings.HasPrefix(was, f.release+"/"+f.job()+"@") {
		out.already, out.done = true, "that was asked for already, and the operator has not followed it yet"
	}
	if left := len(known) - 1; r.Release == "" && left > 0 {
		out.warning = fmt.Sprintf("%s failed as well: name it to try it again", known[(i+1)%len(known)].String())
	}
	return out, nil
}

// failure is what can be tried again.
type failure struct {
	release string
	// kind is migration or check, and name that of the service or check; both "": the release as a whole.
	kind, name string
}

func (f failure) String() string {
	if f.name == "" {
		return f.release
	}
	return f.release + "/" + f.name
}

func (f failure) job() string {
	if f.name == "" {
		return "-"
	}
	return f.name
}

func (f failure) is(asked string) bool {
	return asked == "" || asked == f.release || asked == f.release+"/"+f.job() || (f.name != "" && asked == f.name)
}

func (f failure) done(shop string) string {
	if f.name == "" {
		return fmt.Sprintf("%s of Shop %s is tried again as if it had not failed", f.release, shop)
	}
	return fmt.Sprintf("the %s %s of %s of Shop %s runs again", f.kind, f.name, f.release, shop)
}

// failures of the shop, the one that it waits for first.
func failures(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease) (out []failure) {
	add := func(f failure) {
		if f.release != "" && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	for _, w := range shop.Status.WaitingFor {
		if kind, is := jobKinds[w.Kind]; is && w.Reason != "" && readyReason(shop).Stalls() {
			add(failure{release: w.Release, kind: kind, name: w.Name})
		}
	}
	for _, name := range inOrder(shop, releases) {
		r := find(releases, name)
		if r.Annotations[v1alpha1.AnnotationRejected] != "" || r.Annotations[v1alpha1.AnnotationStartFailed] != "" {
			add(failure{release: r.Name})
		}
	}
	if c := shop.Status.Candidate; c != nil && readyReason(shop) == v1alpha1.ReasonStartDeadlineExceeded {
		add(failure{release: c.Release})
	}
	return out
}

var jobKinds = map[v1alpha1.WaitKind]string{v1alpha1.WaitMigration: "migration", v1alpha1.WaitCheck: "check"}

// inOrder names the releases, the candidate first, then the newest.
func inOrder(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease) (out []string) {
	sorted := slices.Clone(releases)
	slices.SortStableFunc(sorted, func(a, b v1alpha1.ShopRelease) int { return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) })
	for _, r := range sorted {
		out = append(out, r.Name)
	}
	if c := shop.Status.Candidate; c != nil && find(releases, c.Release) != nil {
		out = append([]string{c.Release}, out...)
	}
	return out
}

func tryOf(asked string, known []failure) string {
	var names []string
	for _, f := range known {
		names = append(names, f.String())
	}
	if asked == "" || len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" by the name %s (%s can)", asked, strings.Join(names, ", "))
}
