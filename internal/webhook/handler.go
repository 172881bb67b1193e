// Package webhook takes the calls of Git hosts after a push, and lets the operator look at that source now.
//
// A call carries nothing that is believed: who signed it, with the secret that the source's team shares with
// its Git host, may say "look now", once a second. So a call that is replayed or lost does no harm: it only
// shortens, or does not shorten, the wait until Git is asked anyway. Everybody else gets one answer, which
// does not tell whether a source is there.
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

const (
	// Path is where a Git host calls: POST to /hooks/<namespace>/<source>.
	Path = "/hooks/{namespace}/{source}"
	// MaxBody is how large a call may be, in bytes: a push of a thousand commits is smaller.
	MaxBody = 1 << 20
	// mostAtOnce bounds the calls that are read at the same time. Each holds some KiB, whatever its body has.
	mostAtOnce = 64
	// lookupTimeout is for reading one secret, from a cache as a rule.
	lookupTimeout = 2 * time.Second
)

// Secrets knows what a source shares with its Git host.
type Secrets interface {
	// WebhookSecret returns the secret of a source. Empty: it takes no calls, or is not there. It should read from a
	// cache, because anybody can make it be called.
	WebhookSecret(ctx context.Context, source types.NamespacedName) ([]byte, error)
}

// Trigger lets the controller look.
type Trigger interface {
	// Look asks the controller to look at a source now. It does not wait for that.
	Look(source types.NamespacedName)
}

// Outcomes of calls, the values of the one label of emporium_webhook_calls_total.
const (
	looked    = "looked"    // the controller was asked
	coalesced = "coalesced" // it will be, together with others, within a second
	refused   = "refused"   // no such source, or not signed with its secret
	tooLarge  = "too_large"
	busy      = "busy" // too many calls at the same time
)

// Handler answers calls. Make it with New.
type Handler struct {
	secrets Secrets
	looks   *looks
	calls   *prometheus.CounterVec
	slots   chan struct{}
	nobody  []byte // the key for sources without a secret, so that they take as long
	mux     *http.ServeMux
}

// New returns a handler of Path, and registers its counter.
func New(secrets Secrets, trigger Trigger, reg prometheus.Registerer) *Handler {
	h := &Handler{
		secrets: secrets, looks: newLooks(trigger), slots: make(chan struct{}, mostAtOnce), nobody: make([]byte, 32), mux: http.NewServeMux(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "emporium_webhook_calls_total", Help: "Calls of Git hosts by what came of them.",
		}, []string{"outcome"}),
	}
	for _, outcome := range []string{looked, coalesced, refused, tooLarge, busy} {
		h.calls.WithLabelValues(outcome)
	}
	reg.MustRegister(h.calls)
	_, _ = rand.Read(h.nobody) // it ends the program rather than fail
	h.mux.HandleFunc("POST "+Path, h.call)
	return h
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		h.mux.ServeHTTP(w, r)
	default:
		h.calls.WithLabelValues(busy).Inc()
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusServiceUnavailable, "too many calls at the same time: call again")
	}
}

func (h *Handler) call(w http.ResponseWriter, r *http.Request) {
	source := types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("source")}
	signed, err := h.signed(source, w, r)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		h.calls.WithLabelValues(tooLarge).Inc()
		answer(w, http.StatusRequestEntityTooLarge, "a call has at most "+strconv.Itoa(MaxBody)+" bytes: let the Git host send push events only")
	case err != nil || !signed:
		h.calls.WithLabelValues(refused).Inc()
		answer(w, http.StatusNotFound, "no source takes this call: compare the address and the secret at the Git host with the source's")
	case h.looks.ask(source):
		h.calls.WithLabelValues(looked).Inc()
		w.WriteHeader(http.StatusAccepted)
	default:
		h.calls.WithLabelValues(coalesced).Inc()
		w.WriteHeader(http.StatusAccepted)
	}
}

// signed reads the whole call whether or not its source is there and the claim is one: the time tells nothing.
func (h *Handler) signed(source types.NamespacedName, w http.ResponseWriter, r *http.Request) (bool, error) {
	key := h.secret(r.Context(), source)
	known := len(key) > 0
	if !known {
		key = h.nobody
	}
	claim := claimOf(r.Header)
	check := claim.against(key)
	if _, err := io.Copy(check, http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		return false, err
	}
	return check.holds() && known, nil
}

// secret returns nil where there is none. A line feed at its end is a file's, not the secret's.
func (h *Handler) secret(ctx context.Context, source types.NamespacedName) []byte {
	if len(validation.IsDNS1123Label(source.Namespace)) > 0 || len(validation.IsDNS1123Subdomain(source.Name)) > 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	secret, err := h.secrets.WebhookSecret(ctx, source)
	if err != nil {
		return nil
	}
	return trimmed(secret)
}

// answer is a problem of RFC 9457, the same for the same status.
func answer(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
}
