package harness

import (
	"strings"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// copyOf returns the copy of a Secret that the release which serves reads.
func (w *World) copyOf(t *testing.T, secret string) *corev1.Secret {
	t.Helper()
	for _, c := range w.active(t).Spec.Copies {
		if c.Kind == v1alpha1.SecretKind && c.Name == secret {
			is, _ := w.Store.Get("Secret", Namespace, c.Copy).(*corev1.Secret)
			return is
		}
	}
	t.Fatalf("the release that serves reads no copy of %s", secret)
	return nil
}

// swap puts a Secret of the same name, labels, owner and annotations in the place of one that nobody can
// change, as `kubectl replace --force` does with a file that somebody edited.
func (w *World) swap(of *corev1.Secret, key string) {
	other := of.DeepCopy()
	other.UID, other.ResourceVersion, other.CreationTimestamp = "", "", metav1.Time{}
	other.Data = map[string][]byte{"key": []byte(key)}
	w.Chaos().Delete(of)
	w.Chaos().Create(other)
}

// A copy is named by what it holds. One that somebody swapped would give pods that start now what
// nobody released, and the operator holds only its metadata.
func TestACopyThatSomebodySwappedIsPutBack(t *testing.T) {
	for name, restarts := range map[string]bool{"under the eyes of the operator": false, "while none ran": true} {
		t.Run(name, func(t *testing.T) {
			w := Installed()
			defer w.Close()
			if restarts {
				w.Operators[0].Kill()
			}
			w.swap(w.copyOf(t, "mail"), "forged")
			if restarts {
				w.StartOperator()
			}
			w.For(5 * time.Second)
			if is := w.copyOf(t, "mail"); is == nil || string(is.Data["key"]) != "1" {
				t.Errorf("pods that start read %v", is)
			}
			rightEnd(w)
			w.Check(t, name)
		})
	}
}

// What it held is gone when its source has changed as well: what serves goes on, and somebody is told.
func TestASwappedCopyThatCannotBePutBackIsTold(t *testing.T) {
	w := Installed(func(s *v1alpha1.Shop) { s.Spec.Release.Promotion = v1alpha1.PromotionManual })
	defer w.Close()
	w.User().Set(w.Store.Get("Secret", Namespace, "mail"), func(o client.Object) { o.(*corev1.Secret).Data = map[string][]byte{"key": []byte("2")} })
	w.For(time.Minute)
	w.swap(w.copyOf(t, "mail"), "forged")
	w.says(t, "was replaced by one with other content")
	if !w.healsAService(t) {
		t.Error("a Service of what serves does not come back")
	}
	if n := passesIn(w, time.Minute); n > 20 {
		t.Errorf("%d passes within a minute in which nothing changed", n)
	}
	w.User().Set(w.Store.Get("Secret", Namespace, "mail"), func(o client.Object) { o.(*corev1.Secret).Data = map[string][]byte{"key": []byte("1")} })
	w.For(time.Minute)
	if is := w.copyOf(t, "mail"); is == nil || string(is.Data["key"]) != "1" {
		t.Errorf("its source holds again what it did, and pods that start read %v", is)
	}
	w.Check(t, "a swapped copy")
}

// The namespace goes while a stack is half created: whatever is left is asked for ever more rarely.
func TestANamespaceThatGoesInTheMiddleOfAPassIsToldAndNotStormed(t *testing.T) {
	for n := 1; n <= 10; n += 3 {
		w := scenario{name: "serving", script: []Stage{at(nil, ships("cart", "cart:2"))}}.begin()
		created := 0
		w.OnCall = func(c cluster.Call) cluster.Fault {
			if c.Verb == "apply" && !c.DryRun || c.Verb == "create" {
				if created++; created == n {
					w.Store.Admit = func(wr *cluster.Write) error {
						if !strings.HasPrefix(wr.Who, "operator") {
							return nil // what plays Kubernetes goes on; its pods are nobody's business here
						}
						return terminating(wr)
					}
				}
			}
			return cluster.Fault{}
		}
		w.StartOperator()
		w.For(time.Minute)
		if created < n {
			t.Fatalf("there are only %d writes: the %d. never comes", created, n)
		}
		if reason, message := w.Reason(); reason != v1alpha1.ReasonDeleting || !strings.Contains(message, "because it is being terminated") {
			t.Errorf("from write %d on: the shop says %s: %s", n, reason, message)
		}
		if passes := passesIn(w, time.Minute); passes > 10 {
			t.Errorf("from write %d on: %d passes within a minute in which nothing changed", n, passes)
		}
		w.Close()
	}
}

// Paused means that nothing is changed. Replicas go on by the table that they hold, and it is written again
// as it was when the pause ends, whatever was under way.
func TestATableThatIsLostWhileAReleaseIsPausedCostsNothing(t *testing.T) {
	ready := func(w *World) bool { return len(w.Store.All("Deployment")) > 4 }
	for name, when := range map[string]func(*World) bool{
		"at rest":                  func(*World) bool { return true },
		"a candidate starts":       ready,
		"a switch is under way":    reasonIs(v1alpha1.ReasonSwitching),
		"in the window of the way": reasonIs(v1alpha1.ReasonRollbackWindow),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := scenario{name: "serving"}.begin()
			defer w.Close()
			w.ConfirmAfter = 5 * time.Second
			w.StartOperator()
			if name != "at rest" {
				w.Image("cart", "cart:2")
			}
			if !w.Until(func() bool { return when(w) }) {
				t.Fatal("it never comes to that")
			}
			w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = true })
			w.For(2 * time.Second)
			table := w.table()
			w.Chaos().Delete(w.Store.Get("ConfigMap", Namespace, frontdoor.TableName(Shop)))
			w.For(10 * time.Minute)
			if w.Store.Get("ConfigMap", Namespace, frontdoor.TableName(Shop)) != nil {
				t.Error("the table is written although spec.paused is true")
			}
			w.says(t, "is lost: a replica of the front door that starts now")
			w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = false })
			w.Until(func() bool { return w.Store.Get("ConfigMap", Namespace, frontdoor.TableName(Shop)) != nil })
			now := w.table()
			switched := now.Switch != nil && now.Switch.From == table.Active // the candidate was ready meanwhile
			if now.Active != table.Active && !switched {
				t.Errorf("customers were sent to %s, and the table that is written again says %+v", table.Active, now)
			}
			w.Rest()
			rightEnd(w)
			w.Check(t, name)
		})
	}
}

// A second autoscaler on a Deployment of the operator: Kubernetes lets neither of the two scale, or it takes turns
// with the operator where the number of pods is fixed.
func TestASecondAutoscalerIsNamedOnItsServiceUntilItGoes(t *testing.T) {
	for service, says := range map[string]string{"cart": "beside the operator's own", "storefront": "though its number of pods is fixed"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			w := scenario{name: "serving"}.begin()
			defer w.Close()
			w.StartOperator()
			w.For(5 * time.Second)
			w.User().Create(&autoscalingv2.HorizontalPodAutoscaler{
				ObjectMeta: metav1.ObjectMeta{Name: "team", Namespace: Namespace},
				Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
					ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: Shop + "-" + service + "-" + w.active(t).Spec.Revision},
					MaxReplicas:    2,
				},
			})
			w.For(5 * time.Second)
			if got := w.serviceSays(service); !strings.Contains(got, "HorizontalPodAutoscaler team scales") || !strings.Contains(got, says) {
				t.Errorf("%s says: %s", service, got)
			}
			w.User().Delete(w.Store.Get("HorizontalPodAutoscaler", Namespace, "team"))
			w.For(5 * time.Second)
			if got := w.serviceSays(service); strings.Contains(got, "HorizontalPodAutoscaler") {
				t.Errorf("after it went %s says: %s", service, got)
			}
			w.Check(t, "a second autoscaler")
		})
	}
}
