package observe

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/signatures"
)

// key is a public key on P-256, made by openssl for this test.
const key = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr0kfC73nD8kwDRMIL7zALH8CaNE5
AEUhV5rkBN/tKR6WQ8iZgOWPMhP1b/69pmVlUNZSpGFZyL2nvtvhGzmKTg==
-----END PUBLIC KEY-----
`

// verdicts play registries: a verdict by service, and who was asked about.
type verdicts struct {
	of    map[string]signatures.Verdict
	again time.Duration
	asked []string
}

func (v *verdicts) Verdicts(_ types.NamespacedName, services []v1alpha1.ReleaseService, _ []signatures.PublicKey) (map[string]signatures.Verdict, time.Duration) {
	out := map[string]signatures.Verdict{}
	for _, s := range services {
		v.asked = append(v.asked, s.Name)
		out[s.Name] = v.of[s.Name]
	}
	return out, v.again
}

// verified is a shop of release acme-1 that serves and acme-2 that its services make, with what registries say.
func verified(s Signatures, publicKey string, exempt ...string) (*Reader, *World) {
	shop := acme()
	shop.Spec.Release.Verify = &v1alpha1.Verification{Keys: []v1alpha1.VerificationKey{{Name: "ci", PublicKey: publicKey}}, Exempt: exempt}
	services := []v1alpha1.ReleaseService{{Name: "cart"}, {Name: "catalog"}, {Name: "mailer"}}
	w := &World{Shop: shop, Releases: map[string]*v1alpha1.ShopRelease{}}
	for _, name := range []string{"acme-1", "acme-2", "acme-3"} {
		w.Releases[name] = &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ShopReleaseSpec{Services: services}}
		w.Observed.Releases = append(w.Observed.Releases, plan.Release{Name: name, Version: "v" + name[5:]})
	}
	w.Observed.Table.Active, w.Observed.Content.Release = "acme-1", "acme-2"
	return &Reader{Signatures: s}, w
}

func trusted() signatures.Verdict { return signatures.Verdict{State: signatures.Trusted} }

func TestOnlyReleasesThatMayStartAreAskedAbout(t *testing.T) {
	says := &verdicts{of: map[string]signatures.Verdict{"cart": trusted(), "catalog": trusted(), "mailer": trusted()}}
	r, w := verified(says, key)
	r.readSignatures(w)
	if diff := cmp.Diff([]string{"cart", "catalog", "mailer"}, says.asked); diff != "" {
		t.Errorf("asked about (-want +got):\n%s", diff)
	}
	for _, named := range []func(){
		func() { w.Observed.Policy.Pin = "acme-3" },
		func() { w.Observed.Policy.Pin = "v3" },
		func() { w.Observed.Policy.Pin, w.Observed.Policy.Version = "", "v3" },
		func() { w.Observed.Policy.Version, w.Observed.Releases[2].CandidateSince = "", time.Unix(1, 0) },
	} {
		named()
		says.asked = nil
		if r.readSignatures(w); len(says.asked) != 6 {
			t.Errorf("a release that is named or a candidate is asked about as well: asked %v", says.asked)
		}
	}
}

func TestWhatIsSaidOfImagesThatNobodySigned(t *testing.T) {
	bad := signatures.Verdict{State: signatures.Untrusted, Why: "img is signed by none of the keys"}
	slow := signatures.Verdict{State: signatures.Unknown, Why: "the registry does not answer"}
	says := &verdicts{again: 5 * time.Second, of: map[string]signatures.Verdict{"cart": bad, "catalog": slow, "mailer": bad}}
	r, w := verified(says, key)
	r.readSignatures(w)
	got := w.Observed.Releases[1]
	if want := "cart, mailer: img is signed by none of the keys"; got.Unsigned != want {
		t.Errorf("unsigned: %q, want %q", got.Unsigned, want)
	}
	if want := "catalog: the registry does not answer"; got.Unverified != want {
		t.Errorf("not known: %q, want %q", got.Unverified, want)
	}
	if w.Wake != 5*time.Second {
		t.Errorf("it is looked at again after %s, want 5s", w.Wake)
	}
	if active := w.Observed.Releases[0]; active.Unsigned != "" || active.Unverified != "" {
		t.Errorf("what serves is judged: %q %q", active.Unsigned, active.Unverified)
	}
}

func TestImagesOfAnotherVendorMayBeExempt(t *testing.T) {
	says := &verdicts{of: map[string]signatures.Verdict{"cart": trusted(), "catalog": trusted(), "mailer": {State: signatures.Unsigned, Why: "not signed"}}}
	r, w := verified(says, key, "mailer")
	if r.readSignatures(w); w.Observed.Releases[1].Unsigned != "" {
		t.Errorf("an exempt service is refused: %s", w.Observed.Releases[1].Unsigned)
	}
}

// TestAnUnsignedCheckRunsBesideNoRelease: who may name the image of a check could else run anything where the shop's secrets are.
func TestAnUnsignedCheckRunsBesideNoRelease(t *testing.T) {
	all := map[string]signatures.Verdict{"cart": trusted(), "catalog": trusted(), "mailer": trusted()}
	for name, c := range map[string]struct {
		verdict signatures.Verdict
		exempt  string
		passed  []string
		want    [2]string
		asked   int
	}{
		"signed":                     {trusted(), "", nil, [2]string{}, 4},
		"not signed":                 {signatures.Verdict{State: signatures.Unsigned, Why: "probe is not signed"}, "", nil, [2]string{"check/smoke: probe is not signed", ""}, 4},
		"named by a tag":             {signatures.Verdict{State: signatures.Unpinned, Why: "probe:1 is named by a tag"}, "", nil, [2]string{"check/smoke: probe:1 is named by a tag", ""}, 4},
		"the registry is slow":       {signatures.Verdict{State: signatures.Unknown, Why: "it is away"}, "", nil, [2]string{"", "check/smoke: it is away"}, 4},
		"not signed, and exempt":     {signatures.Verdict{State: signatures.Unsigned, Why: "probe is not signed"}, "check/smoke", nil, [2]string{}, 3},
		"a service's name is others": {signatures.Verdict{State: signatures.Unsigned, Why: "probe is not signed"}, "smoke", nil, [2]string{"check/smoke: probe is not signed", ""}, 4},
		"not signed, and passed":     {signatures.Verdict{State: signatures.Unsigned, Why: "probe is not signed"}, "", []string{"smoke"}, [2]string{}, 3},
	} {
		says := &verdicts{of: map[string]signatures.Verdict{"check/smoke": c.verdict}}
		for service, v := range all {
			says.of[service] = v
		}
		r, w := verified(says, key, c.exempt)
		w.Shop.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "probe"}}
		w.Observed.Releases[1].PassedChecks = c.passed
		r.readSignatures(w)
		if got := [2]string{w.Observed.Releases[1].Unsigned, w.Observed.Releases[1].Unverified}; got != c.want || len(says.asked) != c.asked {
			t.Errorf("%s: it says %q, want %q; asked about %v", name, got, c.want, says.asked)
		}
	}
}

func TestAKeyThatIsNoneStartsNothing(t *testing.T) {
	r, w := verified(&verdicts{}, "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n")
	r.readSignatures(w)
	if got := w.Observed.Releases[1].Unsigned; !strings.HasPrefix(got, "spec.release.verify.keys[ci].publicKey cannot be used: ") {
		t.Errorf("it says %q", got)
	}
}

func TestAnOperatorThatVerifiesNothingStartsNothingThatMustBeSigned(t *testing.T) {
	r, w := verified(nil, key)
	r.Signatures = nil
	if r.readSignatures(w); w.Observed.Releases[1].Unsigned == "" {
		t.Error("a release whose signatures nobody looked at may start")
	}
}

func TestAShopThatAsksForNoSignaturesAsksNoRegistry(t *testing.T) {
	says := &verdicts{}
	r, w := verified(says, key)
	w.Shop.Spec.Release.Verify = nil
	if r.readSignatures(w); len(says.asked) > 0 || w.Observed.Releases[1].Unsigned != "" {
		t.Errorf("asked %v", says.asked)
	}
}
