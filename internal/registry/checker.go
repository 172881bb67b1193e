package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/signatures"
)

const (
	// Patience is how long the signatures of one image are waited for, in the background.
	Patience = 5 * time.Second
	// soon is when to look for a first answer.
	soon = 250 * time.Millisecond
	// firstAgain and lastAgain are the times between two questions about an image that is not trusted, doubled
	// from one to the other: it may be signed a moment after it was pushed, and registries count who asks. A registry that
	// did not say is asked again after lastUnknown at most: somebody waits for it.
	firstAgain, lastAgain, lastUnknown = 5 * time.Second, 5 * time.Minute, time.Minute
	// mostOfShop bounds how many questions one shop has open, so that its dead registry holds up nobody else's.
	mostOfShop = 8
	// mostChecked bounds what is remembered, one verdict for each image.
	mostChecked = 4096
)

// Verifier judges the signatures of an image, repository@sha256:…, by keys that are trusted. It returns an
// error, the same sentence on every retry, where the registry does not say.
type Verifier interface {
	Verify(ctx context.Context, image string, trusted []signatures.PublicKey, keys authn.Keychain) (signatures.Verdict, error)
}

// Checker asks for the signatures of a release's images beside the passes: nobody waits for a registry. A
// verdict that an image is trusted holds as long as the keys are the same, since a digest names one image
// only; any other is asked for again. It remembers in memory only; losing it means asking again.
type Checker struct {
	Verifier Verifier
	// Live reads pull secrets, without a cache.
	Live client.Reader
	Now  func() time.Time

	mu    sync.Mutex
	known map[checked]*check
	open  map[types.NamespacedName]int
}

// checked is what a verdict is about. Namespaces do not learn from one another what their secrets open.
type checked struct {
	namespace, image, keys string
	with                   credentials
}

// check is what is known of it.
type check struct {
	verdict signatures.Verdict
	tries   int
	next    time.Time // when to ask again, unless it is trusted
	running bool
}

// Verdicts returns what is known of each service's image, by service, and after how long to ask again:
// 0 when all are trusted. It begins to ask for what is not known, and waits for nothing.
func (c *Checker) Verdicts(shop types.NamespacedName, services []v1alpha1.ReleaseService, trusted []signatures.PublicKey) (map[string]signatures.Verdict, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out, again := map[string]signatures.Verdict{}, time.Duration(0)
	ring := &keyring{live: c.Live, namespace: shop.Namespace}
	for i := range services {
		s := &services[i]
		image := release.ImageOf(s)
		if !release.NamesDigest(image) {
			out[s.Name] = unpinned(image)
			continue
		}
		verdict, after := c.of(shop, checked{shop.Namespace, image, printsOf(trusted), credentialsOf(&s.ServiceTemplate)}, trusted, ring)
		out[s.Name] = verdict
		if after > 0 && (again == 0 || after < again) {
			again = after
		}
	}
	return out, again
}

func unpinned(image string) signatures.Verdict {
	return signatures.Verdict{State: signatures.Unpinned,
		Why: fmt.Sprintf("%s is named by a tag of which no registry told the digest, and a signature is of a digest: name the image by its digest, or let the operator ask the registry", image)}
}

// of returns what is known, and asks when it is time to.
func (c *Checker) of(shop types.NamespacedName, what checked, trusted []signatures.PublicKey, ring *keyring) (signatures.Verdict, time.Duration) {
	k := c.known[what]
	if k == nil {
		if c.known == nil || len(c.known) >= mostChecked {
			c.known = map[checked]*check{}
		}
		k = &check{verdict: signatures.Verdict{State: signatures.Pending, Why: fmt.Sprintf("registry %s is being asked for the signatures of %s", hostOf(what.image), what.image)}}
		c.known[what] = k
	}
	if k.verdict.State == signatures.Trusted {
		return k.verdict, 0
	}
	if wait := k.next.Sub(c.Now()); !k.running && wait > 0 {
		return k.verdict, wait
	}
	if !k.running && c.open[shop] < mostOfShop {
		k.running = true
		c.count(shop, 1)
		go c.ask(shop, what, k, trusted, ring)
	}
	return k.verdict, soon
}

func (c *Checker) count(shop types.NamespacedName, by int) {
	if c.open == nil {
		c.open = map[types.NamespacedName]int{}
	}
	if c.open[shop] += by; c.open[shop] <= 0 {
		delete(c.open, shop)
	}
}

// ask outlives the pass that begins it, by Patience at most.
func (c *Checker) ask(shop types.NamespacedName, what checked, k *check, trusted []signatures.PublicKey, ring *keyring) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c.await(ctx, shop, what, k, trusted, ring)
}

// await ends with its context, whatever a library does.
func (c *Checker) await(ctx context.Context, shop types.NamespacedName, what checked, k *check, trusted []signatures.PublicKey, ring *keyring) {
	answer := make(chan signatures.Verdict, 1)
	go func() { answer <- c.verify(ctx, what, trusted, ring) }()
	var verdict signatures.Verdict
	select {
	case verdict = <-answer:
	case <-ctx.Done():
		verdict = signatures.Verdict{State: signatures.Unknown, Why: unknown(what.image, stillSilent(what.image))}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count(shop, -1)
	k.running, k.verdict = false, verdict
	k.next = c.Now().Add(pause(k.tries, verdict.State))
	k.tries++
}

func pause(tries int, state signatures.State) time.Duration {
	longest := lastAgain
	if state == signatures.Unknown {
		longest = lastUnknown
	}
	return min(longest, firstAgain<<min(tries, 10))
}

func (c *Checker) verify(ctx context.Context, what checked, trusted []signatures.PublicKey, ring *keyring) signatures.Verdict {
	verdict, err := c.Verifier.Verify(ctx, what.image, trusted, ring.of(ctx, what.with))
	if err != nil {
		return signatures.Verdict{State: signatures.Unknown, Why: unknown(what.image, err)}
	}
	return verdict
}

func unknown(image string, err error) string {
	return fmt.Sprintf("it is not known whether %s is signed: %v", image, err)
}

// printsOf is the same for the same keys, in whatever order.
func printsOf(keys []signatures.PublicKey) string {
	var prints []string
	for _, k := range keys {
		prints = append(prints, k.Fingerprint)
	}
	slices.Sort(prints)
	return strings.Join(slices.Compact(prints), " ")
}
