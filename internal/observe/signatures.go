package observe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/signatures"
)

// Signatures tells, without waiting, what is known of the signatures of services' images, by service, and after how long
// to ask again; 0: all are trusted.
type Signatures interface {
	Verdicts(shop types.NamespacedName, services []v1alpha1.ReleaseService, trusted []signatures.PublicKey) (map[string]signatures.Verdict, time.Duration)
}

// readSignatures says of each release that may start whether its images are signed, where the shop asks for it. What
// serves is not asked about: it goes on serving.
func (r *Reader) readSignatures(w *World) {
	verify := w.Shop.Spec.Release.Verify
	if verify == nil {
		return
	}
	keys, wrong := trustedKeys(verify)
	for i := range w.Observed.Releases {
		rel := &w.Observed.Releases[i]
		if !w.mayStart(rel) {
			continue
		}
		if wrong != "" {
			rel.Unsigned = wrong
			continue
		}
		r.judge(w, rel, keys)
	}
}

func (r *Reader) judge(w *World, rel *plan.Release, keys []signatures.PublicKey) {
	if r.Signatures == nil {
		rel.Unsigned = "spec.release.verify is set, and this operator verifies no signatures"
		return
	}
	var asked []v1alpha1.ReleaseService
	for _, s := range w.Releases[rel.Name].Spec.Services {
		if !slices.Contains(w.Shop.Spec.Release.Verify.Exempt, s.Name) {
			asked = append(asked, s)
		}
	}
	asked = append(asked, checksToAsk(w.Shop, rel)...)
	verdicts, again := r.Signatures.Verdicts(client.ObjectKeyFromObject(w.Shop), asked, keys)
	rel.Unsigned, rel.Unverified = sentencesOf(verdicts)
	if again > 0 && (w.Wake == 0 || again < w.Wake) {
		w.Wake = again // nobody tells when an image is signed
	}
}

// exemptCheck begins the name of a check in spec.release.verify.exempt.
const exemptCheck = "check/"

// checksToAsk are the checks whose Jobs may still run. They are no part of a release, and run in the shop's namespace all the same, with
// what it pulls with. Their tags are resolved by nobody, so that a check that is verified is named by its digest.
func checksToAsk(shop *v1alpha1.Shop, rel *plan.Release) (out []v1alpha1.ReleaseService) {
	for _, c := range shop.Spec.Release.Checks {
		if slices.Contains(shop.Spec.Release.Verify.Exempt, exemptCheck+c.Name) || slices.Contains(rel.PassedChecks, c.Name) {
			continue
		}
		one := v1alpha1.ReleaseService{Name: exemptCheck + c.Name}
		one.Image, one.Pod = c.Image, &v1alpha1.PodOptions{ImagePullSecrets: shop.Spec.Defaults.ImagePullSecrets}
		out = append(out, one)
	}
	return out
}

// mayStart: the release is what the services make, what the spec names, or a candidate already.
func (w *World) mayStart(rel *plan.Release) bool {
	p := w.Observed.Policy
	names := func(wanted string) bool { return wanted != "" && (wanted == rel.Name || wanted == rel.Version) }
	wanted := rel.Name == w.Observed.Content.Release || names(p.Pin) || names(p.Version) || !rel.CandidateSince.IsZero()
	return wanted && rel.Name != w.Observed.Table.Active
}

// trustedKeys reads the keys of a shop; wrong says which of them is none, and what to do.
func trustedKeys(v *v1alpha1.Verification) (keys []signatures.PublicKey, wrong string) {
	for _, k := range v.Keys {
		parsed, err := signatures.ParsePublicKeys([]byte(k.PublicKey))
		if err != nil {
			return nil, fmt.Sprintf("spec.release.verify.keys[%s].publicKey cannot be used: %v", k.Name, err)
		}
		keys = append(keys, parsed...)
	}
	return keys, ""
}

// sentencesOf puts together what is refused and what is not known yet. Services of one image are named together.
func sentencesOf(verdicts map[string]signatures.Verdict) (unsigned, unknown string) {
	refused, open := map[string][]string{}, map[string][]string{}
	for name, v := range verdicts {
		switch v.State {
		case signatures.Trusted:
		case signatures.Pending, signatures.Unknown:
			open[v.Why] = append(open[v.Why], name)
		default:
			refused[v.Why] = append(refused[v.Why], name)
		}
	}
	return listedByService(refused), listedByService(open)
}

func listedByService(of map[string][]string) string {
	var out []string
	for why, names := range of {
		slices.Sort(names)
		out = append(out, strings.Join(names, ", ")+": "+why)
	}
	slices.SortFunc(out, cmp.Compare[string])
	return strings.Join(out, "; ")
}
