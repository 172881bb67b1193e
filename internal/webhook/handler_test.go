package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/apimachinery/pkg/types"
)

var cart = types.NamespacedName{Namespace: "acme", Name: "cart"}

// sources are the secrets of a cluster's sources.
type sources map[types.NamespacedName]string

func (s sources) WebhookSecret(_ context.Context, source types.NamespacedName) ([]byte, error) {
	secret, ok := s[source]
	if !ok {
		return nil, errors.New("not found")
	}
	return []byte(secret), nil
}

// controller remembers what it was asked to look at.
type controller struct {
	mu    sync.Mutex
	asked []types.NamespacedName
}

func (c *controller) Look(source types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, source)
}

func (c *controller) times() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// site is a handler with one source, which shares s3cret with its Git host.
type site struct {
	*Handler
	controller
	registry *prometheus.Registry
}

func newSite() *site {
	s := &site{registry: prometheus.NewRegistry()}
	s.Handler = New(sources{cart: "s3cret", {Namespace: "acme", Name: "open"}: "", {Namespace: "acme", Name: "file"}: "s3cret\n"}, &s.controller, s.registry)
	return s
}

func (s *site) call(method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// counted is the counter as it is scraped.
func (s *site) counted(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil || len(families) != 1 {
		t.Fatal(families, err)
	}
	out := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		out[labelOf(m)] = m.GetCounter().GetValue()
	}
	return out
}

func labelOf(m *dto.Metric) string { return m.GetLabel()[0].GetValue() }

func signedBy(secret, body string, newHash func() hash.Hash) string {
	mac := hmac.New(newHash, []byte(secret))
	io.WriteString(mac, body)
	return hex.EncodeToString(mac.Sum(nil))
}

const push = `{"ref":"refs/heads/main"}`

func TestACallThatIsSignedLetsTheControllerLook(t *testing.T) {
	sha := signedBy("s3cret", push, sha256.New)
	for name, c := range map[string]struct {
		path   string
		header map[string]string
	}{
		"GitHub":             {"/hooks/acme/cart", map[string]string{"X-Hub-Signature-256": "sha256=" + sha}},
		"in capitals":        {"/hooks/acme/cart", map[string]string{"X-Hub-Signature-256": "sha256=" + strings.ToUpper(sha)}},
		"Gitea":              {"/hooks/acme/cart", map[string]string{"X-Hub-Signature-256": "sha256=" + sha, "X-Gitea-Signature": sha, "X-Hub-Signature": "sha1=00"}},
		"GitLab":             {"/hooks/acme/cart", map[string]string{"X-Gitlab-Token": "s3cret"}},
		"Flux":               {"/hooks/acme/cart", map[string]string{"X-Signature": "sha256=" + sha}},
		"Flux, SHA-512":      {"/hooks/acme/cart", map[string]string{"X-Signature": "sha512=" + signedBy("s3cret", push, sha512.New)}},
		"Flux, SHA-384":      {"/hooks/acme/cart", map[string]string{"X-Signature": "sha384=" + signedBy("s3cret", push, sha512.New384)}},
		"a secret of a file": {"/hooks/acme/file", map[string]string{"X-Hub-Signature-256": "sha256=" + sha}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite()
			if w := s.call("POST", c.path, push, c.header); w.Code != http.StatusAccepted || w.Body.Len() > 0 {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if s.times() != 1 || s.asked[0].Namespace != "acme" || !strings.HasSuffix(c.path, s.asked[0].Name) {
				t.Errorf("asked for %v", s.asked)
			}
		})
	}
}

// TestWhoDoesNotKnowTheSecretLearnsNothing: every wrong call has the very answer of a source that is not there.
func TestWhoDoesNotKnowTheSecretLearnsNothing(t *testing.T) {
	s := newSite()
	sha := signedBy("s3cret", push, sha256.New)
	missing := s.call("POST", "/hooks/acme/missing", push, map[string]string{"X-Hub-Signature-256": "sha256=" + sha})
	if missing.Code != http.StatusNotFound || missing.Header().Get("Content-Type") != "application/problem+json" {
		t.Fatalf("answered %d %v", missing.Code, missing.Header())
	}
	const header = "X-Hub-Signature-256"
	for name, c := range map[string]struct {
		path, body string
		header     map[string]string
	}{
		"no signature":               {"/hooks/acme/cart", push, nil},
		"another secret":             {"/hooks/acme/cart", push, map[string]string{header: "sha256=" + signedBy("other", push, sha256.New)}},
		"no secret":                  {"/hooks/acme/cart", push, map[string]string{header: "sha256=" + signedBy("", push, sha256.New)}},
		"another body":               {"/hooks/acme/cart", push + " ", map[string]string{header: "sha256=" + sha}},
		"another source's":           {"/hooks/other/cart", push, map[string]string{header: "sha256=" + sha}},
		"half of it":                 {"/hooks/acme/cart", push, map[string]string{header: "sha256=" + sha[:32]}},
		"nothing of it":              {"/hooks/acme/cart", push, map[string]string{header: "sha256="}},
		"no algorithm":               {"/hooks/acme/cart", push, map[string]string{header: sha}},
		"SHA-1":                      {"/hooks/acme/cart", push, map[string]string{header: "sha1=" + sha[:40]}},
		"no digits":                  {"/hooks/acme/cart", push, map[string]string{header: "sha256=" + strings.Repeat("x", 64)}},
		"a signature as GitLab's":    {"/hooks/acme/cart", push, map[string]string{"X-Gitlab-Token": "sha256=" + sha}},
		"an empty token":             {"/hooks/acme/cart", push, map[string]string{"X-Gitlab-Token": ""}},
		"a wrong one beside a right": {"/hooks/acme/cart", push, map[string]string{header: "sha256=00", "X-Gitlab-Token": "s3cret"}},
		"a source without a secret":  {"/hooks/acme/open", push, map[string]string{header: "sha256=" + signedBy("", push, sha256.New)}},
		"without a secret, by token": {"/hooks/acme/open", push, map[string]string{"X-Gitlab-Token": ""}},
		"a name that none can have":  {"/hooks/acme/Cart", push, map[string]string{header: "sha256=" + sha}},
		"a path in a name":           {"/hooks/acme/..%2fcart", push, map[string]string{header: "sha256=" + sha}},
		"a line feed in a name":      {"/hooks/acme/cart%0a", push, map[string]string{header: "sha256=" + sha}},
		"a secret in the query":      {"/hooks/acme/cart?token=s3cret", push, nil},
		"an empty body":              {"/hooks/acme/cart", "", map[string]string{header: "sha256=" + sha}},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.call("POST", c.path, c.body, c.header)
			if w.Code != missing.Code || w.Body.String() != missing.Body.String() || len(w.Header()) != len(missing.Header()) {
				t.Errorf("answered %d %v %s", w.Code, w.Header(), w.Body)
			}
		})
	}
	if s.times() != 0 {
		t.Errorf("the controller was asked for %v", s.asked)
	}
}

func TestTwoSignaturesAreNone(t *testing.T) {
	s := newSite()
	for _, name := range []string{"X-Hub-Signature-256", "X-Signature", "X-Gitlab-Token"} {
		r := httptest.NewRequest("POST", "/hooks/acme/cart", strings.NewReader(push))
		value := "sha256=" + signedBy("s3cret", push, sha256.New)
		if name == "X-Gitlab-Token" {
			value = "s3cret"
		}
		r.Header[http.CanonicalHeaderKey(name)] = []string{value, "sha256=00"}
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusNotFound {
			t.Errorf("%s: answered %d", name, w.Code)
		}
	}
}

func TestOnlyPOSTIsTaken(t *testing.T) {
	s := newSite()
	for _, method := range []string{"GET", "PUT", "DELETE", "HEAD", "OPTIONS"} {
		for _, path := range []string{"/hooks/acme/cart", "/hooks/acme/missing"} {
			if w := s.call(method, path, push, map[string]string{"X-Gitlab-Token": "s3cret"}); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: answered %d", method, path, w.Code)
			}
		}
	}
	for _, path := range []string{"/", "/hooks", "/hooks/acme", "/hooks/acme/cart/more"} {
		if w := s.call("POST", path, push, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: answered %d", path, w.Code)
		}
	}
	if s.times() != 0 {
		t.Errorf("asked for %v", s.asked)
	}
}

func TestALargeBodyIsRefusedWhateverItsSource(t *testing.T) {
	s := newSite()
	just, over := strings.Repeat("x", MaxBody), strings.Repeat("x", MaxBody+1)
	for _, path := range []string{"/hooks/acme/cart", "/hooks/acme/missing"} {
		if w := s.call("POST", path, over, map[string]string{"X-Gitlab-Token": "s3cret"}); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: answered %d", path, w.Code)
		}
	}
	if w := s.call("POST", "/hooks/acme/cart", just, map[string]string{"X-Gitlab-Token": "s3cret"}); w.Code != http.StatusAccepted {
		t.Errorf("answered %d", w.Code)
	}
	if got := s.counted(t); got[tooLarge] != 2 || got[looked] != 1 {
		t.Errorf("counted %v", got)
	}
}

// TestCallsWithinASecondAreOneLook: the first is heard at once, the last not forgotten, and nothing is kept.
func TestCallsWithinASecondAreOneLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		call := func() {
			if w := s.call("POST", "/hooks/acme/cart", push, map[string]string{"X-Gitlab-Token": "s3cret"}); w.Code != http.StatusAccepted {
				t.Fatalf("answered %d", w.Code)
			}
		}
		expect := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if got := s.times(); got != want {
				t.Errorf("%s: %d looks, want %d", when, got, want)
			}
		}
		call()
		expect("after the first call", 1)
		for range 100 {
			call()
			time.Sleep(5 * time.Millisecond)
		}
		expect("after half a second of calls", 1)
		time.Sleep(500 * time.Millisecond)
		expect("after a second", 2)
		call()
		expect("within the second after that", 2)
		time.Sleep(time.Second)
		expect("at its end", 3)
		time.Sleep(10 * time.Second)
		expect("when nobody calls", 3)
		if len(s.looks.again) != 0 {
			t.Errorf("it remembers %v", s.looks.again)
		}
		call()
		expect("after a pause", 4)
		if got := s.counted(t); got[looked] != 2 || got[coalesced] != 101 {
			t.Errorf("counted %v", got)
		}
		time.Sleep(2 * time.Second)
	})
}

func TestSourcesDoNotWaitForOneAnother(t *testing.T) {
	s := newSite()
	for _, name := range []string{"cart", "file"} {
		s.call("POST", "/hooks/acme/"+name, push, map[string]string{"X-Gitlab-Token": "s3cret"})
	}
	if s.times() != 2 {
		t.Errorf("asked for %v", s.asked)
	}
}

// TestTheCounterDoesNotGrow with sources, hosts or whatever callers write.
func TestTheCounterDoesNotGrow(t *testing.T) {
	s := newSite()
	before := len(s.counted(t))
	for _, path := range []string{"/hooks/a/b", "/hooks/c/d", "/hooks/acme/cart", "/hooks/acme/%ff"} {
		s.call("POST", path, push, map[string]string{"X-Gitlab-Token": "s3cret"})
	}
	if got := s.counted(t); len(got) != before || before != 5 || got[refused] != 3 {
		t.Errorf("%d before, now %v", before, got)
	}
}

// TestManySlowCallersDoNotPileUp: those beyond the bound are told to come again.
func TestManySlowCallersDoNotPileUp(t *testing.T) {
	s := newSite()
	server := httptest.NewServer(s)
	defer server.Close()
	var all sync.WaitGroup
	release := make(chan struct{})
	for range mostAtOnce {
		all.Go(func() {
			body, slow := io.Pipe()
			go func() { <-release; slow.Close() }()
			r, err := http.NewRequestWithContext(context.Background(), "POST", server.URL+"/hooks/acme/missing", body)
			if err != nil {
				t.Error(err)
				return
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
		})
	}
	deadline := time.Now().Add(20 * time.Second)
	for len(s.slots) < mostAtOnce && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	w := s.call("POST", "/hooks/acme/cart", push, map[string]string{"X-Gitlab-Token": "s3cret"})
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("answered %d", w.Code)
	}
	close(release)
	all.Wait()
	if w := s.call("POST", "/hooks/acme/cart", push, map[string]string{"X-Gitlab-Token": "s3cret"}); w.Code != http.StatusAccepted {
		t.Errorf("afterwards: answered %d", w.Code)
	}
}

func TestASecretThatCannotBeReadIsNone(t *testing.T) {
	s := &site{registry: prometheus.NewRegistry()}
	s.Handler = New(failing{}, &s.controller, s.registry)
	if w := s.call("POST", "/hooks/acme/cart", push, map[string]string{"X-Gitlab-Token": "s3cret"}); w.Code != http.StatusNotFound || s.times() != 0 {
		t.Errorf("answered %d", w.Code)
	}
}

type failing struct{}

func (failing) WebhookSecret(context.Context, types.NamespacedName) ([]byte, error) {
	return []byte("s3cret"), errors.New("the API is away")
}

// FuzzSignature: what is taken as a signature is an algorithm and all of its digits, and only the right one holds.
func FuzzSignature(f *testing.F) {
	for _, s := range []string{"sha256=" + signedBy("s3cret", push, sha256.New), "sha256=", "=", "sha1=00", "sha512=" + strings.Repeat("0", 128), "SHA256=00", "sha256==", "s3cret"} {
		f.Add("X-Signature", s)
		f.Add("X-Hub-Signature-256", s)
		f.Add("X-Gitlab-Token", s)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		c := claimOf(http.Header{http.CanonicalHeaderKey(name): {value}})
		check := c.against([]byte("s3cret"))
		io.WriteString(check, push)
		if !check.holds() {
			return
		}
		right := c.token == "s3cret" || bytes.Equal(c.mac, hmacOf(c, push))
		if !right || (c.token == "" && len(c.mac) < sha256.Size) {
			t.Errorf("%s: %q holds", name, value)
		}
	})
}

func hmacOf(c claim, body string) []byte {
	mac := hmac.New(c.newHash, []byte("s3cret"))
	io.WriteString(mac, body)
	return mac.Sum(nil)
}
