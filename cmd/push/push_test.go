package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// names returns what a tag names; "" when it is not there.
func names(t *testing.T, tag string) string {
	t.Helper()
	got, err := remote.Head(must[name.Reference](t)(name.ParseReference(tag)))
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return ""
	}
	return must[*v1.Descriptor](t)(got, err).Digest.String()
}

func TestAnImageIsPushedAndToldByItsDigest(t *testing.T) {
	h, img := newHub(t), image(t)
	tag := h.host + "/acme/cart:v1.4.0"
	got := call(t, nil, "--plain-http", h.host, onDisk(t, img), tag)
	want := fmt.Sprintf(`{"image":"%s/acme/cart@%s"}`, h.host, digestOf(t, img))
	if got.code != 0 || got.told != want || got.out != want+"\n" {
		t.Fatalf("%+v, want %s", got, want)
	}
	if names(t, tag) != digestOf(t, img).String() {
		t.Errorf("the tag names %s", names(t, tag))
	}
	there := must[v1.Image](t)(remote.Image(must[name.Reference](t)(name.ParseReference(tag))))
	if err := validate.Image(there); err != nil {
		t.Error(err)
	}
}

// With attestations the tag names an index. Its digest changes with each build, since provenance has
// times in it; the image's does not.
func TestTheTagNamesTheIndexAndNodesRunTheImage(t *testing.T) {
	h, img := newHub(t), image(t)
	index := indexOf(t, attested(t, img, "amd64")...)
	tag := h.host + "/acme/cart:v1.4.0"
	got := call(t, nil, "--plain-http", h.host, onDisk(t, index), tag)
	var result Result
	if err := json.Unmarshal([]byte(got.told), &result); err != nil || got.code != 0 {
		t.Fatalf("%+v: %v", got, err)
	}
	if want := (Result{h.host + "/acme/cart@" + digestOf(t, img).String(), h.host + "/acme/cart@" + digestOf(t, index).String()}); result != want {
		t.Errorf("%+v, want %+v", result, want)
	}
	if names(t, tag) != digestOf(t, index).String() || names(t, result.Image) != digestOf(t, img).String() {
		t.Errorf("the tag names %s", names(t, tag))
	}
	whole(t, must[v1.ImageIndex](t)(remote.Index(must[name.Reference](t)(name.ParseReference(tag)))), 2)
}

// whole reads everything of an index from the registry.
func whole(t *testing.T, index v1.ImageIndex, images int) {
	t.Helper()
	m := must[*v1.IndexManifest](t)(index.IndexManifest())
	if len(m.Manifests) != images {
		t.Errorf("%d images in the index, want %d", len(m.Manifests), images)
	}
	for _, d := range m.Manifests {
		img := must[v1.Image](t)(index.Image(d.Digest))
		must[*v1.ConfigFile](t)(img.ConfigFile())
		for _, l := range must[*v1.Manifest](t)(img.Manifest()).Layers {
			r := must[io.ReadCloser](t)(must[v1.Layer](t)(img.LayerByDigest(l.Digest)).Compressed())
			must[int64](t)(io.Copy(io.Discard, r)) // its digest is checked as it is read
			r.Close()
		}
	}
}

// The operator compares it with the source's repository.
func TestTheImageIsToldUnderTheNameThatWasGiven(t *testing.T) {
	b := built{image: digestOf(t, image(t)), named: digestOf(t, image(t))}
	for to, want := range map[string]string{
		"docker.io/acme/cart:v1": "docker.io/acme/cart", "docker.io/library/cart:v1": "docker.io/library/cart", "index.docker.io/acme/cart:v1": "index.docker.io/acme/cart",
		"registry.example:5000/acme/cart:v1": "registry.example:5000/acme/cart",
	} {
		o := must[options](t)(parse(named([]string{"layout", to}), os.Getenv, io.Discard))
		p := must[*pusher](t)(newPusher(o, nil, nil))
		if got := p.result(b); got != (Result{want + "@" + b.image.String(), want + "@" + b.named.String()}) {
			t.Errorf("%s: %+v", to, got)
		}
		host, _, _ := strings.Cut(want, "/")
		if got := p.plainly(context.Background(), io.EOF).Error(); got != "registry "+host+" cannot be reached, or ended the connection, 3 times" {
			t.Errorf("%s: %s", to, got)
		}
	}
}

func TestOfSeveralPlatformsTheOneThatNodesHaveIsTold(t *testing.T) {
	h, amd, arm := newHub(t), image(t), image(t)
	path := onDisk(t, indexOf(t, append(attested(t, amd, "amd64"), attested(t, arm, "arm64")...)...))
	for platform, want := range map[string]v1.Image{"linux/amd64": amd, "linux/arm64": arm} {
		got, why := quickly(t, nil, "--plain-http", h.host, "--platform", platform, path, h.host+"/cart:1")
		if why != "" || got.Image != h.host+"/cart@"+digestOf(t, want).String() {
			t.Errorf("%s: %+v, %s", platform, got, why)
		}
	}
	if _, why := quickly(t, nil, "--plain-http", h.host, "--platform", "linux/s390x", path, h.host+"/cart:1"); !strings.HasSuffix(why, "holds 2 images, none for linux/s390x: name another one with --platform") {
		t.Error(why)
	}
}

func TestTheTagIsWrittenLast(t *testing.T) {
	h := newHub(t)
	img := image(t)
	index := indexOf(t, attested(t, img, "amd64")...)
	if _, why := quickly(t, nil, "--plain-http", h.host, "--sign-key", keyFile(t), onDisk(t, index), h.host+"/cart:1"); why != "" {
		t.Fatal(why)
	}
	writes := h.writes()
	first := slices.IndexFunc(writes, func(w string) bool { return strings.Contains(w, "/manifests/") })
	var manifests []string
	for _, w := range writes[first:] {
		if strings.Contains(w, "/manifests/") {
			manifests = append(manifests, w[strings.LastIndex(w, "/")+1:])
		}
	}
	sig := func(h v1.Hash) string { return "sha256-" + h.Hex + ".sig" }
	tail := []string{digestOf(t, index).String(), sig(digestOf(t, img)), sig(digestOf(t, index)), "1"}
	if len(manifests) != 6 || !slices.Equal(manifests[2:], tail) {
		t.Errorf("manifests were written in the order %v, want the image, its attestation, then %v", manifests, tail)
	}
	for i, w := range writes {
		if strings.Contains(w, "/blobs/") && i > slices.Index(writes, "PUT /v2/cart/manifests/"+digestOf(t, index).String()) && !strings.Contains(strings.Join(writes[i:], " "), ".sig") {
			t.Errorf("%s came after the index", w)
		}
	}
}

func TestNothingIsNamedWhenARegistryDiesBeforeTheLastWrite(t *testing.T) {
	img := image(t)
	index := indexOf(t, attested(t, img, "amd64")...)
	path, key := onDisk(t, index), keyFile(t)
	for dies := 1; ; dies++ {
		h := newHub(t)
		var n atomic.Int32
		h.answer(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet || r.Method == http.MethodHead || int(n.Add(1)) < dies {
				return false
			}
			panic(http.ErrAbortHandler) // as if the process were gone
		})
		args := []string{"--plain-http", h.host, "--sign-key", key, path, h.host + "/cart:1"}
		_, why := quickly(t, nil, args...)
		if why == "" {
			if dies < 10 {
				t.Fatalf("it took %d writes only", dies)
			}
			return
		}
		if want := fmt.Sprintf("registry %s cannot be reached, or ended the connection, 3 times", h.host); why != want {
			t.Fatalf("write %d: %q, want %q", dies, why, want)
		}
		h.answer(nil)
		if got := names(t, h.host+"/cart:1"); got != "" {
			t.Fatalf("write %d: the tag names %s", dies, got)
		}
		if _, why := quickly(t, nil, args...); why != "" || names(t, h.host+"/cart:1") != digestOf(t, index).String() {
			t.Fatalf("write %d: it cannot be pushed afterwards: %s", dies, why)
		}
		if dies > 200 {
			t.Fatal("it never ends")
		}
	}
}

func TestWhatARegistryHasIsNotWrittenAgain(t *testing.T) {
	h := newHub(t)
	img := image(t)
	args := []string{"--plain-http", h.host, "--sign-key", keyFile(t), onDisk(t, indexOf(t, attested(t, img, "amd64")...))}
	first, why := quickly(t, nil, append(args, h.host+"/cart:1")...)
	if why != "" || len(h.writes()) == 0 {
		t.Fatal(why)
	}
	if again, why := quickly(t, nil, append(args, h.host+"/cart:1")...); why != "" || again != first {
		t.Errorf("%+v, %s", again, why)
	}
	if w := h.writes(); len(w) != 0 {
		t.Errorf("the second push wrote %v", w)
	}
	if _, why := quickly(t, nil, append(args, h.host+"/cart:2")...); why != "" {
		t.Error(why)
	}
	if w := h.writes(); !slices.Equal(w, []string{"PUT /v2/cart/manifests/2"}) {
		t.Errorf("another tag wrote %v", w)
	}
}

func TestATagIsMovedToWhatWasBuiltLast(t *testing.T) {
	h, before, after := newHub(t), image(t), image(t)
	for _, img := range []v1.Image{before, after} {
		if _, why := quickly(t, nil, "--plain-http", h.host, onDisk(t, img), h.host+"/cart:1"); why != "" {
			t.Fatal(why)
		}
	}
	if got := names(t, h.host+"/cart:1"); got != digestOf(t, after).String() {
		t.Errorf("the tag names %s", got)
	}
}

func TestAFailureOfAMomentIsTriedThreeTimesAndARefusalOnce(t *testing.T) {
	for code, want := range map[int]int32{500: 3, 502: 3, 503: 3, 504: 3, 429: 3, 408: 3, 400: 1, 401: 1, 403: 1, 404: 1, 405: 1, 409: 1, 413: 1, 501: 1, 507: 1} {
		h := newHub(t)
		var n atomic.Int32
		refuse := status(code, "/manifests/")
		h.answer(func(w http.ResponseWriter, r *http.Request) bool {
			if !refuse(w, r) {
				return false
			}
			n.Add(1)
			return true
		})
		if _, why := quickly(t, nil, "--plain-http", h.host, onDisk(t, image(t)), h.host+"/cart:1"); why == "" || n.Load() != want {
			t.Errorf("%d was tried %d times, want %d: %s", code, n.Load(), want, why)
		}
	}
}

func TestAFullRegistryIsAskedOnce(t *testing.T) {
	h := newHub(t)
	var n atomic.Int32
	h.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		n.Add(1)
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, `{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":"filesystem: write /var/lib/registry/data: no space left on device"}]}`)
		return true
	})
	_, why := quickly(t, nil, "--plain-http", h.host, onDisk(t, image(t)), h.host+"/cart:1")
	if want := fmt.Sprintf("registry %s is full (500)", h.host); why != want || n.Load() != 1 {
		t.Errorf("%q after %d requests, want %q", why, n.Load(), want)
	}
}

func TestAFailureOfAMomentIsNotSeen(t *testing.T) {
	h, img := newHub(t), image(t)
	var n atomic.Int32
	h.answer(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/"):
			return false
		case n.Add(1) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case n.Load() == 2:
			panic(http.ErrAbortHandler)
		}
		return false
	})
	if got, why := quickly(t, nil, "--plain-http", h.host, onDisk(t, img), h.host+"/cart:1"); why != "" || got.Image != h.host+"/cart@"+digestOf(t, img).String() {
		t.Errorf("%+v, %s", got, why)
	}
}

func TestTheTerminationLogIsToldOrThePushHasFailed(t *testing.T) {
	h := newHub(t)
	got := call(t, nil, "--plain-http", h.host, "--termination-log", t.TempDir(), onDisk(t, image(t)), h.host+"/cart:1")
	if got.code != 1 || got.out != "" || !strings.Contains(got.err, "opening the termination log") {
		t.Errorf("%+v", got)
	}
	if got := call(t, nil, "--plain-http", h.host, "--termination-log", "", onDisk(t, image(t)), h.host+"/cart:1"); got.code != 0 || got.out == "" {
		t.Errorf("without one: %+v", got)
	}
}

func TestTheLongestResultFitsATerminationLog(t *testing.T) {
	h := newHub(t)
	host := strings.Replace(h.host, "127.0.0.1", "localhost", 1)
	repository := strings.Repeat("a", 255-len(host)-1)
	got := call(t, nil, "--plain-http", host, onDisk(t, indexOf(t, attested(t, image(t), "amd64")...)), host+"/"+repository+":1")
	if got.code != 0 || len(got.told) > 4096 {
		t.Errorf("%d, %d bytes: %s", got.code, len(got.told), got.told)
	}
	long := call(t, nil, os.DevNull, "registry.example/"+strings.Repeat("a/", 4000)+":1")
	if long.code != 2 || len(long.told) > 4096 || long.told == "" {
		t.Errorf("%d, %d bytes", long.code, len(long.told))
	}
}
