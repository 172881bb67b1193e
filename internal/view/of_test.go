package view

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var nine = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

const relA, relB, relC = "acme-aaaaaaaa", "acme-bbbbbbbb", "acme-cccccccc"

func at(after time.Duration) *metav1.Time {
	t := metav1.NewTime(nine.Add(after))
	return &t
}

func record(name, image string, created time.Duration) v1alpha1.ShopRelease {
	return v1alpha1.ShopRelease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name, CreationTimestamp: *at(created)},
		Spec: v1alpha1.ShopReleaseSpec{Shop: "acme", Version: "v-" + name[5:6], Services: []v1alpha1.ReleaseService{
			{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}},
			{Name: "mailer", ServiceTemplate: v1alpha1.ServiceTemplate{Image: "mailer:4", Activation: v1alpha1.ActivationWithTraffic}},
		}},
		Status: v1alpha1.ShopReleaseStatus{Services: []v1alpha1.ReleaseServiceStatus{{Name: "cart", Ready: 2, Wanted: 2}, {Name: "mailer", Ready: 1, Wanted: 1}}},
	}
}

// waiting is a shop whose candidate b waits for approval.
func waiting() Objects {
	o := Objects{Now: nine.Add(time.Hour), Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme", Generation: 2}}}
	o.Shop.Spec.Release.Promotion = v1alpha1.PromotionManual
	o.Shop.Status = v1alpha1.ShopStatus{
		ObservedGeneration: 2,
		Active:             &v1alpha1.ReleaseRef{Release: relA, Since: at(0)}, Candidate: &v1alpha1.ReleaseRef{Release: relB, Since: at(time.Minute)},
		Conditions: []metav1.Condition{
			{Type: "Ready", Status: metav1.ConditionFalse, Reason: "AwaitingPromotion", Message: "it waits", LastTransitionTime: *at(0)},
			{Type: "Available", Status: metav1.ConditionTrue, Reason: "AwaitingPromotion"},
		},
		WaitingFor: []v1alpha1.Wait{{Kind: v1alpha1.WaitApproval, Release: relB}},
		Recent: []v1alpha1.Step{
			{Seq: 1, At: *at(0), Reason: v1alpha1.ReasonSwitching, Release: relA, From: relC, To: relA, Cause: v1alpha1.CauseApproved, By: "ana@shop"},
			{Seq: 2, At: *at(2 * time.Minute), Reason: v1alpha1.ReasonAwaitingPromotion, Release: relB},
		},
	}
	o.Releases = []v1alpha1.ShopRelease{record(relA, "registry.example/cart:1", 0), record(relB, "registry.example/cart:2", time.Minute)}
	return o
}

func TestAViewTellsWhatServesWhatComesAndWhatItWaitsFor(t *testing.T) {
	v := Of(waiting())
	if v.Reason != v1alpha1.ReasonAwaitingPromotion || !v.Available || v.Ready || !v.Seen || !v.Since.Equal(nine.Add(2*time.Minute)) {
		t.Errorf("the head is %+v", v)
	}
	var columns, cells []string
	for _, c := range v.Columns {
		columns = append(columns, fmt.Sprintf("%s %s %s by %s", c.Role, c.Release, c.Version, c.By))
	}
	if want := []string{"active acme-aaaaaaaa v-a by ana@shop", "candidate acme-bbbbbbbb v-b by automatic cut", "previous   by "}; !slices.Equal(columns, want) {
		t.Errorf("columns are %q", columns)
	}
	for _, r := range v.Rows {
		for _, c := range r.Cells {
			cells = append(cells, fmt.Sprintf("%s %s %s %d/%d", r.Service, c.State, c.Tag, c.Replicas.Ready, c.Replicas.Wanted))
		}
	}
	want := []string{
		"cart Ready :1 2/2", "cart Ready :2 2/2", "cart   0/0",
		"mailer Ready :4 1/1", "mailer WithTraffic :4 0/0", "mailer   0/0",
	}
	if !slices.Equal(cells, want) {
		t.Errorf("cells are %q, want %q", cells, want)
	}
	if c := v.Rows[0].Changes; len(c) != 1 || c[0] != (Change{Field: "image", Op: changed, From: "registry.example/cart:1", To: "registry.example/cart:2"}) {
		t.Errorf("cart changes by %v", c)
	}
	if len(v.Waits) != 1 || v.Waits[0].Kind != v1alpha1.WaitApproval || v.History[0].Seq != 2 || v.Releases[0].Name != relB {
		t.Errorf("it waits for %v; history %v; releases %v", v.Waits, v.History, v.Releases)
	}
}

func TestACellSaysHowAServiceIsInAStack(t *testing.T) {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{frontdoor.LabelRelease: relB, frontdoor.LabelService: "cart"}}}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Message: "not found"}}}}
	for name, x := range map[string]struct {
		change func(*Objects)
		want   string
	}{
		"ready":               {func(*Objects) {}, "Ready  "},
		"starting":            {func(o *Objects) { o.Releases[1].Status.Services[0].Ready = 1 }, "Starting  "},
		"its image is away":   {func(o *Objects) { o.Releases[1].Status.Services[0].Reason = "ErrImagePull"; o.Pods = []corev1.Pod{pod} }, "Trouble ErrImagePull not found"},
		"pods are not seen":   {func(o *Objects) { o.Releases[1].Status.Services[0].Reason = "ErrImagePull" }, "Trouble ErrImagePull "},
		"the stack is gone":   {func(o *Objects) { o.Releases[1].Status.Services = nil }, "Stopped  "},
		"nobody looked yet":   {func(o *Objects) { o.Releases[1].Status = v1alpha1.ShopReleaseStatus{ObservedGeneration: -1} }, "Unknown  "},
		"it is no part of it": {func(o *Objects) { o.Releases[1].Spec.Services = o.Releases[1].Spec.Services[1:] }, "  "},
		"its record is gone":  {func(o *Objects) { o.Releases = o.Releases[:1] }, "  "},
	} {
		t.Run(name, func(t *testing.T) {
			o := waiting()
			x.change(&o)
			c := Of(o).Rows[0].Cells[1]
			if got := fmt.Sprintf("%s %s %s", c.State, c.Reason, c.Message); got != x.want {
				t.Errorf("the cell is %q, want %q", got, x.want)
			}
		})
	}
}

func TestWhatAPersonMayWantToDoNow(t *testing.T) {
	reason := func(o *Objects, r v1alpha1.Reason) { o.Shop.Status.Conditions[0].Reason = string(r) }
	for name, x := range map[string]struct {
		change func(*Objects)
		want   []string
	}{
		"approve":                     {func(*Objects) {}, []string{"promote acme-bbbbbbbb!", "pause"}},
		"nothing is ready to approve": {func(o *Objects) { reason(o, v1alpha1.ReasonStarting) }, []string{"promote acme-bbbbbbbb (release acme-bbbbbbbb is not ready yet (Starting), so nobody could have tried it)", "pause"}},
		"nobody approves by hand":     {func(o *Objects) { o.Shop.Spec.Release.Promotion = v1alpha1.PromotionAutomatic }, []string{"pause"}},
		"go back": {func(o *Objects) {
			reason(o, v1alpha1.ReasonRollbackWindow)
			o.Shop.Status.Candidate = nil
			o.Shop.Status.Active.Release, o.Shop.Status.Previous = relB, &v1alpha1.PreviousRelease{Release: relA, RetiresAt: at(time.Hour)}
		}, []string{"rollback acme-aaaaaaaa", "pause"}},
		"go back after the window, to what served": {func(o *Objects) {
			o.Shop.Status.Candidate, o.Shop.Status.Active.Release = nil, relB
			o.Shop.Status.LastSwitch = &v1alpha1.SwitchRecord{From: relA, To: relB}
		}, []string{"rollback acme-aaaaaaaa", "pause"}},
		"the way back is closed": {func(o *Objects) {
			o.Shop.Status.Candidate, o.Shop.Status.Active.Release = nil, relB
			o.Releases[1].Annotations = map[string]string{v1alpha1.AnnotationIrreversibleSince: "x", v1alpha1.AnnotationLeftBehind: relC + " " + relA}
		}, []string{"rollback acme-aaaaaaaa (release acme-bbbbbbbb ran an irreversible migration after acme-aaaaaaaa: ship a release that goes forward)", "pause"}},
		"what served before broke the guard": {func(o *Objects) {
			reason(o, v1alpha1.ReasonServing)
			o.Shop.Spec.Release.Promotion, o.Shop.Status.Candidate, o.Shop.Status.Previous = "", nil, &v1alpha1.PreviousRelease{Release: relB}
			o.Releases[1].Annotations = map[string]string{v1alpha1.AnnotationRejected: "errors"}
		}, []string{"rollback acme-bbbbbbbb (release acme-bbbbbbbb broke the guard: change the services, or try it again)", "pause"}},
		"a migration failed": {func(o *Objects) {
			reason(o, v1alpha1.ReasonMigrationFailed)
			o.Shop.Spec.Release.Promotion = ""
			o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitMigration, Name: "tax", Release: relB}, {Kind: v1alpha1.WaitMigration, Name: "cart", Release: relB, Reason: "Failed"}}
		}, []string{"retry acme-bbbbbbbb/cart!", "pause"}},
		"the guard went back": {func(o *Objects) {
			reason(o, v1alpha1.ReasonGuardBroken)
			o.Shop.Spec.Release.Promotion, o.Shop.Status.Candidate = "", nil
			o.Releases[1].Annotations = map[string]string{v1alpha1.AnnotationRejected: "errors"}
		}, []string{"retry acme-bbbbbbbb/-!", "pause"}},
		"a pin holds changes back": {func(o *Objects) {
			o.Shop.Spec.Release.Promotion, o.Shop.Spec.Release.Active, o.Shop.Status.Candidate = "", relA, nil
			o.Shop.Status.Conditions = append(o.Shop.Status.Conditions, metav1.Condition{Type: "PendingChanges", Status: metav1.ConditionTrue})
		}, []string{"unpin acme-aaaaaaaa!", "pause"}},
		"paused": {func(o *Objects) { o.Shop.Spec.Paused, o.Shop.Spec.Release.Promotion = true, "" }, []string{"resume!"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := waiting()
			x.change(&o)
			var got []string
			for _, a := range Of(o).Actions {
				s := strings.TrimSpace(a.Verb + " " + a.Release)
				if a.Verb == "retry" {
					s = a.Verb + " " + a.Value
				}
				if a.Suggested {
					s += "!"
				}
				if a.Refused != "" {
					s += " (" + a.Refused + ")"
				}
				if !strings.HasPrefix(a.Command, "kubectl shop "+a.Verb+" acme") || !strings.HasSuffix(a.Command, "-n shops") {
					t.Errorf("the command of %s is %q", s, a.Command)
				}
				got = append(got, s)
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("actions are %q, want %q", got, x.want)
			}
		})
	}
}

func TestTheSameObjectsMakeTheSameBytesAndNoListIsNull(t *testing.T) {
	for name, o := range map[string]Objects{"nothing": {}, "a shop alone": {Shop: &v1alpha1.Shop{}}, "a waiting shop": waiting()} {
		first, err := json.Marshal(Of(o))
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(Of(o)); string(again) != string(first) {
			t.Errorf("%s: %s, then %s", name, first, again)
		}
		if strings.Contains(string(first), "null") {
			t.Errorf("%s: %s", name, first)
		}
	}
}

func BenchmarkAViewOf100Services(b *testing.B) {
	o := waiting()
	for i := range o.Releases {
		r := &o.Releases[i]
		for n := range 100 {
			r.Spec.Services = append(r.Spec.Services, v1alpha1.ReleaseService{Name: fmt.Sprint("s", n), ServiceTemplate: v1alpha1.ServiceTemplate{Image: fmt.Sprintf("s:%d", i)}})
		}
	}
	for b.Loop() {
		Of(o)
	}
}
