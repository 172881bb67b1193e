package view

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// broken is a shop whose candidate b waits for its cart, of which a pod finds no image.
func broken() Objects {
	o := waiting()
	o.Shop.Spec.Release.Promotion = ""
	o.Shop.Status.Conditions[0].Reason, o.Shop.Status.Conditions[0].Message = "Starting", "release acme-bbbbbbbb: 0 of 1 services ready"
	o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitService, Name: "cart", Release: relB, Reason: "ImagePullBackOff", Until: at(2 * time.Hour)}}
	o.Releases[1].Status.Services[0] = v1alpha1.ReleaseServiceStatus{Name: "cart", Ready: 1, Wanted: 2, Reason: "ImagePullBackOff"}
	o.Services = []v1alpha1.ShopService{{ObjectMeta: metav1.ObjectMeta{Name: "cart", ManagedFields: []metav1.ManagedFieldsEntry{managed("helm", `{"f:spec":{"f:image":{}}}`)}}, Spec: v1alpha1.ShopServiceSpec{Shop: "acme"}}}
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "acme-cart-bbbbbbbb-x", Labels: map[string]string{
		frontdoor.LabelShop: "acme", frontdoor.LabelRelease: relB, frontdoor.LabelService: "cart"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: `"cart:2": not found`}}}}
	o.Pods = []corev1.Pod{pod, pod, pod}
	return o
}

func TestTheChainLeadsFromTheShopToThePod(t *testing.T) {
	c := Why(broken(), "")
	var got []string
	for _, l := range c.Links {
		got = append(got, fmt.Sprintf("%d %s: %s: %s", l.Depth, l.Object, l.State, l.Detail))
	}
	want := []string{
		"0 Shop acme: Starting: release acme-bbbbbbbb: 0 of 1 services ready",
		"1 service cart: ImagePullBackOff: 1 of 2 pods",
		`2 pod acme-cart-bbbbbbbb-x: ImagePullBackOff: "cart:2": not found`,
		`2 pod acme-cart-bbbbbbbb-x: ImagePullBackOff: "cart:2": not found`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the chain is %q", got)
	}
	if c.Summary != "acme does not serve what was asked for. Customers are served by acme-aaaaaaaa." || !c.Wrong {
		t.Error(c.Summary)
	}
	if c.Do != "push that image, or correct spec.image" || c.Object != "ShopService cart" || c.Owner == nil || c.Owner.Manager != "helm" {
		t.Errorf("do %q with %s of %v", c.Do, c.Object, c.Owner)
	}
	if c.Ends == nil || !c.Ends.Equal(nine.Add(2*time.Hour)) || !strings.Contains(c.End, "given up") {
		t.Errorf("it ends %v: %s", c.Ends, c.End)
	}
}

func TestTheChainOfAServiceLeavesOthersOut(t *testing.T) {
	if c := Why(broken(), "catalog"); len(c.Links) != 1 || c.Object != "" || c.Ends != nil {
		t.Errorf("the chain is %v", c.Links)
	}
}

// TestWhyAServiceIsInNoRelease: the shop serves, and says nothing of a service that it does not take.
func TestWhyAServiceIsInNoRelease(t *testing.T) {
	o := waiting()
	o.Shop.Status.Conditions[0].Status = metav1.ConditionTrue
	thief := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "thief"}, Spec: v1alpha1.ShopServiceSpec{Shop: "acme"}}
	thief.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionFalse, Reason: "NotAllowed", Message: "Shop acme allows only cart"}}
	o.Services = []v1alpha1.ShopService{thief, {ObjectMeta: metav1.ObjectMeta{Name: "cart"}, Spec: v1alpha1.ShopServiceSpec{Shop: "acme"}}}
	c := Why(o, "thief")
	if last := c.Links[len(c.Links)-1]; !c.Wrong || last.Object != "ShopService thief" || last.State != "NotAllowed" || last.Detail != "Shop acme allows only cart" {
		t.Errorf("%+v", c)
	}
	if e, _ := Explain("NotAllowed"); c.Do == "" || c.Do != e.Do || c.Object != "ShopService thief" {
		t.Errorf("do %q with %q", c.Do, c.Object)
	}
	for _, other := range []string{"", "cart"} {
		if c := Why(o, other); c.Wrong {
			t.Errorf("%q: %+v", other, c)
		}
	}
}

func TestWhoseLogIsToBeRead(t *testing.T) {
	o := broken()
	o.Pods[0].Status.ContainerStatuses[0].State.Waiting.Reason, o.Shop.Status.WaitingFor[0].Reason = crashes, crashes
	if c := Why(o, ""); c.Do != "read its log: kubectl shop logs acme --by acme-bbbbbbbb --service cart -n shops" {
		t.Error(c.Do)
	}
}

func TestAShopThatServesWhatWasAskedForHasNoChain(t *testing.T) {
	o := waiting()
	o.Shop.Status.Conditions[0].Status = metav1.ConditionTrue
	if c := Why(o, ""); c.Wrong || len(c.Links) > 0 || c.Summary != "acme serves what was asked for. Customers are served by acme-aaaaaaaa." {
		t.Errorf("%+v", c)
	}
}

func TestWhatKeepsAPodFromBeingReady(t *testing.T) {
	status := func(s corev1.ContainerStatus) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{s}}
	}
	for name, x := range map[string]struct {
		status corev1.PodStatus
		want   string
	}{
		"nothing":       {corev1.PodStatus{Phase: corev1.PodRunning}, ": "},
		"it is created": {status(corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}), ": "},
		"it crashes": {status(corev1.ContainerStatus{RestartCount: 3, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 2, Message: "no database"}}}), "CrashLoopBackOff: Error (exit code 2, 3 restarts) no database"},
		"it ended":     {status(corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Message: "x"}}}), "Error: exit code 1 x"},
		"no node":      {corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes"}}}, "Unschedulable: 0/1 nodes"},
		"not ready":    {corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, Message: "probe"}}}, "not ready: probe"},
		"it succeeded": {status(corev1.ContainerStatus{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}), ": "},
	} {
		if state, detail := trouble(&corev1.Pod{Status: x.status}); state+": "+detail != x.want {
			t.Errorf("%s: %q, want %q", name, state+": "+detail, x.want)
		}
	}
}

func TestTheTreeOfAShop(t *testing.T) {
	var lines []string
	var walk func(n Node, depth int)
	walk = func(n Node, depth int) {
		healthy := "?"
		if n.Healthy != nil {
			healthy = fmt.Sprint(*n.Healthy)
		}
		lines = append(lines, fmt.Sprintf("%d %s %s %s", depth, n.Object, n.State, healthy))
		for _, b := range n.Below {
			walk(b, depth+1)
		}
	}
	walk(Tree(broken(), relB, true), 0)
	want := []string{
		"0 Shop acme Starting true", "1 front door  ?", "1 ShopRelease acme-bbbbbbbb candidate ?", "2 service cart 1/2 false",
		"3 pod acme-cart-bbbbbbbb-x ImagePullBackOff false", "3 pod acme-cart-bbbbbbbb-x ImagePullBackOff false", "3 pod acme-cart-bbbbbbbb-x ImagePullBackOff false",
		"2 service mailer WithTraffic ?",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the tree is %q", lines)
	}
}

func TestEveryStatusIsExplained(t *testing.T) {
	source, err := os.ReadFile("../../api/v1alpha1/conditions.go")
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`Reason[A-Za-z]+ Reason = "([A-Za-z]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(reasons) < 40 {
		t.Fatalf("only %d reasons were found", len(reasons))
	}
	for _, r := range reasons {
		e, known := Explain(strings.ToLower(r[1]))
		if !known || e.Means == "" || e.Do == "" || strings.ContainsAny(e.Means+e.Do, "`[") {
			t.Errorf("%s is explained as %+v", r[1], e)
		}
	}
	if _, known := Explain("Nonsense"); known {
		t.Error("a status that does not exist is explained")
	}
}

// The image of the front door is no service's: nobody finds it in a spec.image.
func TestWhoLooksForTheImageOfTheFrontDoorIsSentToTheOperator(t *testing.T) {
	o := broken()
	o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitFrontDoor, Release: "acme-aaaaaaaa", Reason: "ImagePullBackOff"}}
	if do := Why(o, "").Do; !strings.Contains(do, "RELATED_IMAGE_FRONT_DOOR of the operator") {
		t.Errorf("do %q", do)
	}
}
