package act

import (
	"fmt"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Paths of what people change.
var (
	pathActive = []string{"spec", "release", "active"}
	pathPaused = []string{"spec", "paused"}
	pathRetry  = []string{"metadata", "annotations", v1alpha1.AnnotationRetry}
)

// intent is the write that a request comes to.
type intent struct {
	// path of the field, and its new value; nil: it is taken away.
	path  []string
	value any
	// was is the value that it has, for the patch to commit; nil: none.
	was any
	// pin is the value of spec.release.active afterwards, of which the annotations by and because speak where says is true.
	pin  string
	says bool
	// notes are annotations to write with it.
	notes map[string]any
	// already: it is so.
	already bool
	// done, release and warning are of the result.
	done, release, warning string
}

// field as people write it.
func (i intent) field() string { return strings.Join(i.path, ".") }

func judgePause(shop *v1alpha1.Shop) intent {
	return intent{
		path: pathPaused, value: true, was: pausedValue(shop), already: shop.Spec.Paused,
		done: fmt.Sprintf("Shop %s is paused: what serves goes on serving, and nothing of it is changed until kubectl shop resume %s", shop.Name, shop.Name),
	}
}

func judgeResume(shop *v1alpha1.Shop) intent {
	return intent{
		path: pathPaused, was: pausedValue(shop), already: !shop.Spec.Paused,
		done: fmt.Sprintf("Shop %s is not paused any more", shop.Name),
	}
}

func pausedValue(shop *v1alpha1.Shop) any {
	if shop.Spec.Paused {
		return true
	}
	return nil
}

func judgeUnpin(shop *v1alpha1.Shop) intent {
	out := intent{path: pathActive, was: pinValue(shop), says: true, already: shop.Spec.Release.Active == ""}
	out.done = fmt.Sprintf("spec.release.active of Shop %s is clear: its promotion decides what serves", shop.Name)
	if shop.Spec.Release.Promotion == v1alpha1.PromotionManual {
		out.done = fmt.Sprintf("spec.release.active of Shop %s is clear: what serves goes on serving, and the next candidate waits for approval", shop.Name)
	}
	return out
}

func pinValue(shop *v1alpha1.Shop) any {
	if shop.Spec.Release.Active == "" {
		return nil
	}
	return shop.Spec.Release.Active
}

// pinned is the intent to let a release be named.
func pinned(shop *v1alpha1.Shop, release string) intent {
	return intent{path: pathActive, value: release, was: pinValue(shop), pin: release, says: true, release: release, already: shop.Spec.Release.Active == release}
}

// sentences joins those that are there.
func sentences(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}
