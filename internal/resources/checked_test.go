package resources

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// checksOfRich are the Jobs that try a candidate of the rich shop.
func checksOfRich(t *testing.T, in Input) (out []batchv1.Job) {
	t.Helper()
	for _, j := range kinds[batchv1.Job](t, render(t, in).Objects, "Job") {
		if j.Labels[frontdoor.LabelComponent] == frontdoor.ComponentCheck {
			out = append(out, j)
		}
	}
	if len(out) == 0 {
		t.Fatal("the rich shop has no check")
	}
	return out
}

func TestACheckIsToldOfEveryServiceThatRunsBeforeTheSwitch(t *testing.T) {
	in := rendered(richInput(), CurrentRenderVersion)
	for _, rel := range in.Releases {
		rel.Spec.Services[0].Activation = v1alpha1.ActivationWithTraffic // its pods come after the switch
	}
	for _, j := range checksOfRich(t, in) {
		var got []CheckedService
		if err := json.Unmarshal([]byte(values(j.Spec.Template.Spec.Containers[0])["SHOP_SERVICES"]), &got); err != nil {
			t.Fatal(err)
		}
		want := []CheckedService{}
		objects := render(t, in).Objects
		rel := in.Releases[j.Labels[frontdoor.LabelRelease]]
		for _, s := range rel.Spec.Services {
			if s.Activation == v1alpha1.ActivationWithTraffic {
				continue
			}
			host := release.ObjectName(in.Shop.Name, s.Name, rel.Spec.Revision)
			want = append(want, CheckedService{s.Name, fmt.Sprint("http://", host, ":", s.Port), fmt.Sprint("http://", host, ":", s.MetricsPort)})
			service := find[corev1.Service](t, objects, "Service/"+host)
			if len(service.Spec.Ports) != 2 || service.Spec.Ports[1].Port != s.MetricsPort {
				t.Errorf("Service %s does not lead to the metrics: %v", host, service.Spec.Ports)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", j.Name, diff)
		}
	}
}

func TestTheNetworkLetsAReleasesOwnChecksIn(t *testing.T) {
	in := rendered(richInput(), CurrentRenderVersion)
	policies := policiesOf(t, in)
	for _, j := range checksOfRich(t, in) {
		rel := in.Releases[j.Labels[frontdoor.LabelRelease]]
		other := map[string]string{}
		for k, v := range j.Spec.Template.Labels {
			other[k] = v
		}
		other[frontdoor.LabelRelease] = "acme-00000000"
		for _, s := range rel.Spec.Services {
			pod := serviceSelector(in.Shop.Name, s.Name, rel.Name)
			if !admits(t, policies, j.Spec.Template.Labels, pod, s.Port) {
				t.Errorf("%s cannot ask %s", j.Name, s.Name)
			}
			if admits(t, policies, other, pod, s.Port) {
				t.Errorf("the check of another release reaches %s of %s", s.Name, rel.Name)
			}
		}
	}
}
