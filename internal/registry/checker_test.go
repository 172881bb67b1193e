package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/signatures"
)

// judge answers what the test says, and counts who asks.
type judge struct {
	mu       sync.Mutex
	asked    map[string]int
	open     int
	most     int
	answer   signatures.Verdict
	err      error
	silently bool // never, whatever the context says
	slowly   bool // not before the context ends
}

func (j *judge) Verify(ctx context.Context, image string, _ []signatures.PublicKey, _ authn.Keychain) (signatures.Verdict, error) {
	j.mu.Lock()
	if j.asked == nil {
		j.asked = map[string]int{}
	}
	j.asked[image]++
	j.open++
	j.most = max(j.most, j.open)
	answer, err := j.answer, j.err
	j.mu.Unlock()
	if j.silently {
		<-make(chan struct{})
	}
	if j.slowly {
		<-ctx.Done()
		err = ctx.Err()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open--
	return answer, err
}

func (j *judge) says(v signatures.Verdict, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.answer, j.err = v, err
}

func (j *judge) total() (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, k := range j.asked {
		n += k
	}
	return n
}

// checker has the clock of the bubble that it is called in.
func checker(t *testing.T, j *judge) *Checker {
	t.Helper()
	return &Checker{Verifier: j, Live: resolver(t).Live, Now: time.Now}
}

func pinned(name string) v1alpha1.ReleaseService {
	s := service(name, "registry.example/"+name+":1")
	s.ImageDigest = "sha256:" + strings.Repeat("a", 64)
	return s
}

// settled asks until no answer is open, as passes do, and returns the verdict of the first service.
func settled(c *Checker, keys []signatures.PublicKey, services ...v1alpha1.ReleaseService) (signatures.Verdict, time.Duration) {
	c.Verdicts(acme, services, keys)
	synctest.Wait()
	verdicts, again := c.Verdicts(acme, services, keys)
	synctest.Wait()
	return verdicts[services[0].Name], again
}

func TestAPassDoesNotWaitForVerdictsAndLooksAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, begun := checker(t, &judge{slowly: true}), time.Now()
		got, again := c.Verdicts(acme, []v1alpha1.ReleaseService{pinned("cart")}, nil)
		if want := "registry registry.example is being asked for the signatures of registry.example/cart@sha256:" + strings.Repeat("a", 64); got["cart"] != (signatures.Verdict{State: signatures.Pending, Why: want}) {
			t.Errorf("%+v, want %q", got, want)
		}
		if again != soon || time.Since(begun) > 0 {
			t.Errorf("again after %s; it took %s", again, time.Since(begun))
		}
		time.Sleep(2 * Patience)
	})
}

func TestATrustedImageIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &judge{answer: signatures.Verdict{State: signatures.Trusted, Key: "k"}}
		c := checker(t, j)
		if got, again := settled(c, nil, pinned("cart")); got != j.answer || again != 0 {
			t.Errorf("%+v, %s", got, again)
		}
		time.Sleep(24 * time.Hour)
		settled(c, nil, pinned("cart"))
		if j.total() != 1 {
			t.Errorf("asked %d times", j.total())
		}
	})
}

func TestOtherKeysAreAnotherQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &judge{answer: signatures.Verdict{State: signatures.Trusted}}
		c, a, b := checker(t, j), signingKey(t).Public, signingKey(t).Public
		for _, keys := range [][]signatures.PublicKey{{a}, {a, b}, {b, a}, {b, a, b}} {
			settled(c, keys, pinned("cart"))
		}
		if j.total() != 2 {
			t.Errorf("asked %d times for two lists of keys, whose order does not matter", j.total())
		}
	})
}

func TestWhatIsNotTrustedIsAskedForAgainEverLessOften(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer signatures.Verdict
		err    error
		want   signatures.Verdict
		waits  []time.Duration
	}{
		{"unsigned", signatures.Verdict{State: signatures.Unsigned, Why: "w"}, nil, signatures.Verdict{State: signatures.Unsigned, Why: "w"}, []time.Duration{5, 10, 20, 40, 80, 160, 300, 300}},
		{"untrusted", signatures.Verdict{State: signatures.Untrusted, Why: "w"}, nil, signatures.Verdict{State: signatures.Untrusted, Why: "w"}, []time.Duration{5, 10, 20, 40, 80, 160, 300, 300}},
		{"away", signatures.Verdict{}, errors.New("registry r is away"), signatures.Verdict{State: signatures.Unknown,
			Why: "it is not known whether registry.example/cart@sha256:" + strings.Repeat("a", 64) + " is signed: registry r is away"}, []time.Duration{5, 10, 20, 40, 60, 60}},
	} {
		synctest.Test(t, func(t *testing.T) {
			j := &judge{answer: c.answer, err: c.err}
			k := checker(t, j)
			for n, wait := range c.waits {
				got, again := settled(k, nil, pinned("cart"))
				if got != c.want || again != wait*time.Second || j.total() != n+1 {
					t.Fatalf("%s: %+v, again after %s, asked %d times", c.name, got, again, j.total())
				}
				time.Sleep(again)
			}
			j.says(signatures.Verdict{State: signatures.Trusted}, nil)
			if got, again := settled(k, nil, pinned("cart")); got.State != signatures.Trusted || again != 0 {
				t.Errorf("%s, then signed: %+v, %s", c.name, got, again)
			}
		})
	}
}

func TestTheLastVerdictStandsWhileItIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &judge{answer: signatures.Verdict{State: signatures.Unsigned, Why: "w"}}
		c := checker(t, j)
		_, again := settled(c, nil, pinned("cart"))
		time.Sleep(again)
		j.slowly = true
		if got, again := settled(c, nil, pinned("cart")); got.State != signatures.Unsigned || again != soon {
			t.Errorf("%+v, %s", got, again)
		}
		time.Sleep(Patience)
	})
}

func TestAQuestionEndsWhateverALibraryDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := checker(t, &judge{slowly: true})
		c.Verdicts(acme, []v1alpha1.ReleaseService{pinned("cart")}, nil)
		time.Sleep(Patience + time.Millisecond)
		synctest.Wait()
		if got, _ := c.Verdicts(acme, []v1alpha1.ReleaseService{pinned("cart")}, nil); got["cart"].State != signatures.Unknown {
			t.Errorf("%+v", got)
		}
	})
	c := checker(t, &judge{silently: true}) // outside of a bubble, which would wait for it
	c.Now = func() time.Time { return noon }
	what := checked{image: "registry.example/cart@sha256:" + strings.Repeat("a", 64)}
	k := &check{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c.open = map[types.NamespacedName]int{acme: 1}
	c.await(ctx, acme, what, k, nil, &keyring{live: c.Live})
	if k.verdict.State != signatures.Unknown || len(c.open) != 0 {
		t.Errorf("%+v, %v", k.verdict, c.open)
	}
}

func TestAShopWithADeadRegistryHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &judge{slowly: true}
		c := checker(t, j)
		var services []v1alpha1.ReleaseService
		for n := range 40 {
			services = append(services, pinned(fmt.Sprintf("s%02d", n)))
		}
		for range 3 {
			c.Verdicts(acme, services, nil)
			synctest.Wait()
		}
		if j.most != mostOfShop {
			t.Errorf("%d questions were open at a time", j.most)
		}
		other := types.NamespacedName{Namespace: "shops", Name: "other"}
		c.Verdicts(other, []v1alpha1.ReleaseService{pinned("mine")}, nil)
		synctest.Wait()
		if j.total() != mostOfShop+1 {
			t.Errorf("another shop was not asked for: %d", j.total())
		}
		time.Sleep(2 * Patience)
		synctest.Wait()
		if len(c.open) != 0 {
			t.Errorf("questions are counted that have ended: %v", c.open)
		}
	})
}

func TestAnImageWithoutADigestCannotBeSigned(t *testing.T) {
	j := &judge{}
	got, again := checker(t, j).Verdicts(acme, []v1alpha1.ReleaseService{service("cart", "registry.example/cart:1")}, nil)
	if got["cart"].State != signatures.Unpinned || !strings.HasPrefix(got["cart"].Why, "registry.example/cart:1 is named by a tag of which no registry told the digest") || again != 0 || j.total() != 0 {
		t.Errorf("%+v, %s", got, again)
	}
}

func TestNamespacesDoNotLearnFromOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &judge{answer: signatures.Verdict{State: signatures.Trusted}}
		c := checker(t, j)
		settled(c, nil, pinned("cart"))
		c.Verdicts(types.NamespacedName{Namespace: "others", Name: "acme"}, []v1alpha1.ReleaseService{pinned("cart")}, nil)
		synctest.Wait()
		if j.total() != 2 {
			t.Errorf("asked %d times", j.total())
		}
	})
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := checker(t, &judge{answer: signatures.Verdict{State: signatures.Trusted}})
		for n := range mostChecked + 10 {
			c.Verdicts(acme, []v1alpha1.ReleaseService{pinned(fmt.Sprintf("s%d", n))}, nil)
			synctest.Wait()
		}
		if len(c.known) > mostChecked {
			t.Errorf("%d verdicts are kept", len(c.known))
		}
	})
}

func TestVerdictsOfARealRegistry(t *testing.T) {
	host, key := serve(t, nil), signingKey(t)
	image, digest, _ := strings.Cut(signed(t, host+"/cart", key), "@")
	s := service("cart", image+":1")
	s.ImageDigest = digest
	c := &Checker{Verifier: NewHTTP(true), Live: resolver(t).Live, Now: time.Now}
	deadline := time.Now().Add(Patience)
	for {
		got, again := c.Verdicts(acme, []v1alpha1.ReleaseService{s}, []signatures.PublicKey{key.Public})
		if again == 0 {
			if got["cart"] != (signatures.Verdict{State: signatures.Trusted, Key: key.Public.ID()}) {
				t.Errorf("%+v", got)
			}
			return
		}
		if got["cart"].State != signatures.Pending || time.Now().After(deadline) {
			t.Fatalf("%+v", got)
		}
		time.Sleep(time.Millisecond)
	}
}
