package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// hub is a registry that remembers what it was asked, and whose door may answer in its place.
type hub struct {
	host string

	mu   sync.Mutex
	seen []string
	door func(w http.ResponseWriter, r *http.Request) bool
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.seen = append(h.seen, r.Method+" "+r.URL.Path)
		door := h.door
		h.mu.Unlock()
		if door == nil || !door(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	h.host = strings.TrimPrefix(s.URL, "http://")
	return h
}

func (h *hub) answer(door func(w http.ResponseWriter, r *http.Request) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.door = door
}

// asked returns the requests since the last call whose method is one of these, in their order.
func (h *hub) asked(methods ...string) (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.seen {
		for _, m := range methods {
			if strings.HasPrefix(s, m+" ") {
				out = append(out, s)
			}
		}
	}
	h.seen = nil
	return out
}

// writes returns the requests since the last call that change a registry.
func (h *hub) writes() []string { return h.asked(http.MethodPost, http.MethodPut, http.MethodPatch) }

// status answers writes so, below a path.
func status(code int, below string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet || r.Method == http.MethodHead || !strings.Contains(r.URL.Path, below) {
			return false
		}
		w.WriteHeader(code)
		io.WriteString(w, `{"errors":[{"code":"UNKNOWN","message":"the registry's own words"}]}`)
		return true
	}
}

// ended is how a call of the command ended.
type ended struct {
	code           int
	out, err, told string
}

// named makes flags of the last two arguments, the layout and the image.
func named(args []string) []string {
	n := len(args)
	return append(slices.Clone(args[:n-2]), "--layout", args[n-2], "--to", args[n-1])
}

// call runs the command as the container does; the last two arguments are the layout and the image.
func call(t *testing.T, env map[string]string, args ...string) ended {
	t.Helper()
	return callWith(t, env, named(args)...)
}

// callWith runs it with arguments as they are.
func callWith(t *testing.T, env map[string]string, args ...string) ended {
	t.Helper()
	told := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(told, []byte("what an earlier container said, which is longer than anything"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(context.Background(), append([]string{"--termination-log", told}, args...), func(k string) string { return env[k] }, &out, &errs)
	text, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	return ended{code, out.String(), errs.String(), string(text)}
}

// quickly pushes with short pauses, and returns the sentence of the failure.
func quickly(t *testing.T, change func(*options), args ...string) (Result, string) {
	t.Helper()
	o, err := parse(named(args), func(string) string { return "" }, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	o.pause = 1
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	result, err := bring(ctx, o)
	if err != nil {
		return result, err.Error()
	}
	return result, ""
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func image(t *testing.T) v1.Image {
	t.Helper()
	img := must[v1.Image](t)(random.Image(1024, 2))
	return mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
}

func digestOf(t *testing.T, of interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	return must[v1.Hash](t)(of.Digest())
}

// attested is an image with its provenance, in an index as BuildKit makes it.
func attested(t *testing.T, img v1.Image, arch string) []mutate.IndexAddendum {
	t.Helper()
	statement := static.NewLayer([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":"`+digestOf(t, img).String()+`"}`), "application/vnd.in-toto+json")
	about := must[v1.Image](t)(mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: statement, MediaType: "application/vnd.in-toto+json"}))
	return []mutate.IndexAddendum{
		{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}},
		{Add: about, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{attestationKey: attestationValue, "vnd.docker.reference.digest": digestOf(t, img).String()}}},
	}
}

func indexOf(t *testing.T, adds ...mutate.IndexAddendum) v1.ImageIndex {
	t.Helper()
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...)
}

// onDisk writes a layout that holds these.
func onDisk(t *testing.T, roots ...mutate.Appendable) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layout")
	to := must[layout.Path](t)(layout.Write(path, empty.Index))
	for _, root := range roots {
		var err error
		switch r := root.(type) {
		case v1.Image:
			err = to.AppendImage(r)
		case v1.ImageIndex:
			err = to.AppendIndex(r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// keyFile writes a new key that signs, and returns its path.
func keyFile(t *testing.T) string {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	path := filepath.Join(t.TempDir(), "cosign.key")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
