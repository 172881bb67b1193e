package harness

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

var (
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	uids  = regexp.MustCompile(`uid-\d+`)
	// counted is how many requests a verdict rests on: a later look counts more of them.
	counted = regexp.MustCompile(`\d+ of \d+ responses`)
)

// Canon is what two worlds have in common that came to the same end: everything that is
// stored, without times, UIDs, versions and names that Kubernetes makes up.
func (w *World) Canon() map[string]string {
	out := map[string]string{}
	for _, key := range w.Store.Keys() {
		switch o := w.Store.Get(key.Kind, key.Namespace, key.Name).(type) {
		case *corev1.Pod:
			if key := "Pods " + o.Labels["shop.emporium.dev/service"] + o.Labels["app.kubernetes.io/component"] + " " + o.Labels["shop.emporium.dev/release"]; isReady(o) {
				out[key] += "x"
			}
		default:
			if key.Kind != "Lease" && key.Kind != "Job" {
				out[key.String()] = canonOf(o, key)
			}
		}
	}
	out[history] = w.switches()
	return out
}

// history is the key of what the Shop tells of its switches: which release was followed by which, and why.
const history = "history of the Shop"

func (w *World) switches() string {
	var b strings.Builder
	for _, o := range w.Store.All("Shop") {
		for _, s := range o.(*v1alpha1.Shop).Status.Recent {
			if s.Cause != "" {
				fmt.Fprintf(&b, "%s: %s -> %s\n", s.Cause, s.From, s.To)
			}
		}
	}
	return b.String()
}

func canonOf(o any, key cluster.Key) string {
	raw, err := json.Marshal(o)
	if err != nil {
		return err.Error()
	}
	var content map[string]any
	if err := json.Unmarshal(raw, &content); err != nil {
		return err.Error()
	}
	meta, _ := content["metadata"].(map[string]any)
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp"} {
		delete(meta, field)
	}
	if status, is := content["status"].(map[string]any); is {
		scrubStatus(status)
	}
	if key.Kind == "ShopRelease" {
		delete(content, "status")
	}
	if annotations, is := meta["annotations"].(map[string]any); is {
		delete(annotations, "shop.emporium.dev/candidate-since")
		delete(annotations, "shop.emporium.dev/applied") // a hash of what may hold times
		if len(annotations) == 0 {
			delete(meta, "annotations")
		}
	}
	without(content, "shop.emporium.dev/account") // pods that were made anew for another account stay so
	withoutEmpty(content)
	raw, _ = json.MarshalIndent(content, "", " ") // it was JSON
	raw = counted.ReplaceAll(raw, []byte("N of N responses"))
	return uids.ReplaceAllString(times.ReplaceAllString(string(raw), "T"), "U")
}

// without drops a key wherever it stands.
func without(m map[string]any, key string) {
	delete(m, key)
	for _, v := range m {
		if inner, is := v.(map[string]any); is {
			without(inner, key)
		}
	}
}

// withoutEmpty drops empty maps: what is left of fields that are not applied any more.
func withoutEmpty(m map[string]any) {
	for k, v := range m {
		if inner, is := v.(map[string]any); is {
			if withoutEmpty(inner); len(inner) == 0 {
				delete(m, k)
			}
		}
	}
}

func scrubStatus(status map[string]any) {
	delete(status, "observedGeneration")
	if last, is := status["lastSwitch"].(map[string]any); is {
		delete(last, "confirmMillis")
	}
	delete(status, "recent") // Canon tells of the switches of it
	conditions, _ := status["conditions"].([]any)
	for _, c := range conditions {
		if c, is := c.(map[string]any); is {
			delete(c, "observedGeneration")
			delete(c, "lastTransitionTime")
		}
	}
}

// Differs says where two worlds differ; "": nowhere.
func Differs(want, got map[string]string) string {
	var b strings.Builder
	for key, is := range want {
		if other, there := got[key]; !there {
			fmt.Fprintf(&b, "  %s is missing\n", key)
		} else if other != is {
			fmt.Fprintf(&b, "  %s differs:\n%s", key, lineDiff(is, other))
		}
	}
	for key := range got {
		if _, there := want[key]; !there {
			fmt.Fprintf(&b, "  %s is left\n", key)
		}
	}
	return b.String()
}

func lineDiff(a, b string) string {
	var out strings.Builder
	has := map[string]int{}
	for _, l := range strings.Split(a, "\n") {
		has[l]++
	}
	for _, l := range strings.Split(b, "\n") {
		if has[l]--; has[l] < 0 {
			fmt.Fprintf(&out, "    + %s\n", l)
		}
	}
	for l, n := range has {
		if n > 0 {
			fmt.Fprintf(&out, "    - %s\n", l)
		}
	}
	return out.String()
}
