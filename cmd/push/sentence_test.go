package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	l.Close()
	return l.Addr().String()
}

func TestWhyAnImageWasNotPushed(t *testing.T) {
	path := onDisk(t, image(t))
	for code, want := range map[int]string{
		401: "wants credentials for acme/cart (401), and the push secret has none for it",
		403: "wants credentials for acme/cart (403), and the push secret has none for it",
		404: "has no repository acme/cart, and makes none (404)",
		405: "takes no images: it is read-only (405)",
		409: "has the tag 1 and does not let it name another image (409)",
		413: "does not take a layer of that size (413)",
		507: "is full (507)",
		500: "answers 500, 3 times",
		503: "answers 503, 3 times",
		429: "answers 429, 3 times",
		418: "answers 418",
		400: "does not take the image as it is (400): a blob or a manifest of the layout is not what its digest says, or is of a kind that the registry does not know",
	} {
		for _, below := range []string{"/blobs/", "/manifests/"} {
			h := newHub(t)
			h.answer(status(code, below))
			_, why := quickly(t, nil, "--plain-http", h.host, path, h.host+"/acme/cart:1")
			if want := fmt.Sprintf("registry %s %s", h.host, want); why != want {
				t.Errorf("%d at %s: %q, want %q", code, below, why, want)
			}
			h.answer(nil)
			if names(t, h.host+"/acme/cart:1") != "" {
				t.Errorf("%d at %s: the tag is there", code, below)
			}
		}
	}
}

func TestWhyARegistryCannotBeReached(t *testing.T) {
	path, gone := onDisk(t, image(t)), nobody(t)
	for tag, want := range map[string]string{
		gone + "/cart:1":              fmt.Sprintf("registry %s cannot be reached, or ended the connection, 3 times", gone),
		"registry.invalid/cart:1":     "registry registry.invalid has a name that cannot be looked up",
		newHub(t).host + "/cart:1":    "has no TLS; --plain-http=",
		"127.0.0.1:notaport/cart:1":   "is no REGISTRY/REPOSITORY:TAG",
		"registry.example/cart":       "is no REGISTRY/REPOSITORY:TAG",
		"cart:1":                      "is no REGISTRY/REPOSITORY:TAG",
		"registry.example/cart:1.sig": "tags that end in .sig are where signatures are",
	} {
		o, err := parse(named([]string{"--plain-http", gone, path, tag}), os.Getenv, io.Discard)
		why := ""
		if err != nil {
			why = err.Error()
		} else {
			_, why = quickly(t, nil, "--plain-http", gone, path, o.tag.String())
		}
		if !strings.Contains(why, want) {
			t.Errorf("%s: %q, want %q", tag, why, want)
		}
	}
}

func TestTheFailureIsToldInOneSentenceAndTheExitCode(t *testing.T) {
	h := newHub(t)
	h.answer(status(405, ""))
	got := call(t, nil, "--plain-http", h.host, onDisk(t, image(t)), h.host+"/cart:1")
	if want := fmt.Sprintf("registry %s takes no images: it is read-only (405)", h.host); got.code != 1 || got.told != want || got.out != "" || !strings.Contains(got.err, "push: "+want) {
		t.Errorf("%+v, want %q", got, want)
	}
	for _, args := range [][]string{{}, {"--layout", "a"}, {"--to", "registry.example/cart:1"}, named([]string{"more", "layout", "registry.example/cart:1"}),
		named([]string{"--platform", "a/b/c/d", "layout", "registry.example/cart:1"}), named([]string{"--what", "layout", "registry.example/cart:1"})} {
		if got := callWith(t, nil, args...); got.code != 2 || got.told == "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := callWith(t, nil, "--help"); got.code != 0 || !strings.Contains(got.err, "termination-log") {
		t.Errorf("%+v", got)
	}
}

func TestACertificateThatIsNotTrustedIsSaidSo(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "https://")
	_, why := quickly(t, nil, onDisk(t, image(t)), host+"/cart:1")
	if want := fmt.Sprintf("registry %s has a certificate that is not trusted; SSL_CERT_FILE may name its authority's", host); why != want {
		t.Errorf("%q, want %q", why, want)
	}
}

func TestASlowRegistryIsNotWaitedForForEver(t *testing.T) {
	h, done := newHub(t), make(chan struct{})
	h.answer(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		select {
		case <-done:
		case <-r.Context().Done():
		}
		return true
	})
	defer close(done)
	path := onDisk(t, image(t))
	begun := time.Now()
	_, why := quickly(t, func(o *options) { o.timeout = 100 * time.Millisecond }, "--plain-http", h.host, path, h.host+"/cart:1")
	if want := fmt.Sprintf("registry %s did not take the image within 100ms; --timeout may be longer", h.host); why != want {
		t.Errorf("%q, want %q", why, want)
	}
	_, why = quickly(t, func(o *options) { o.silence = 20 * time.Millisecond }, "--plain-http", h.host, path, h.host+"/cart:1")
	if want := fmt.Sprintf("registry %s did not answer within 20ms, 3 times", h.host); why != want {
		t.Errorf("%q, want %q", why, want)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Whoever can make TLS fail must not be given the password.
func TestPlainHTTPIsSpokenToNamedHostsAlone(t *testing.T) {
	h, other := newHub(t), newHub(t)
	folder := pushSecret(t, "config.json", h.host)
	elsewhere := strings.Replace(other.host, "127.0.0.1", "localhost", 1)
	if got := call(t, map[string]string{"DOCKER_CONFIG": folder}, "--plain-http", other.host, onDisk(t, image(t)), h.host+"/cart:1"); got.code != 1 || len(h.asked("GET", "HEAD", "POST")) != 0 {
		t.Errorf("%+v", got)
	}
	h.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		w.Header().Set("Location", "http://"+elsewhere+"/upload")
		w.WriteHeader(http.StatusAccepted)
		return true
	})
	_, why := quickly(t, nil, "--plain-http", h.host, onDisk(t, image(t)), h.host+"/cart:1")
	if why == "" || len(other.asked("GET", "HEAD", "PATCH", "PUT")) != 0 {
		t.Errorf("a layer went to a host that is not named: %s", why)
	}
}

// pushSecret writes what a Secret is mounted as.
func pushSecret(t *testing.T, file, host string) string {
	t.Helper()
	folder := t.TempDir()
	config := fmt.Sprintf(`{"auths":{"%s/acme":{"username":"pusher","password":"right"}}}`, host)
	if err := os.WriteFile(filepath.Join(folder, file), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestAPushSecretIsReadAsTheKubeletReadsPullSecrets(t *testing.T) {
	h := newHub(t)
	var refused atomic.Int32
	h.answer(func(w http.ResponseWriter, r *http.Request) bool {
		if _, password, _ := r.BasicAuth(); password == "right" {
			return false
		}
		refused.Add(1)
		w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	path := onDisk(t, image(t))
	for _, file := range []string{"config.json", ".dockerconfigjson"} {
		env := map[string]string{"DOCKER_CONFIG": pushSecret(t, file, h.host)}
		if got := call(t, env, "--plain-http", h.host, path, h.host+"/acme/cart:"+strings.Trim(file, ".")); got.code != 0 {
			t.Errorf("%s: %+v", file, got)
		}
		got := call(t, env, "--plain-http", h.host, path, h.host+"/other/cart:1")
		if want := fmt.Sprintf("registry %s wants credentials for other/cart (401), and the push secret has none for it", h.host); got.code != 1 || got.told != want {
			t.Errorf("another repository: %+v", got)
		}
	}
	h.answer(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	got := call(t, map[string]string{"DOCKER_CONFIG": pushSecret(t, "config.json", h.host)}, "--plain-http", h.host, path, h.host+"/acme/cart:1")
	if want := fmt.Sprintf("registry %s does not let the push secret's user push to acme/cart (401)", h.host); got.told != want {
		t.Errorf("%+v, want %q", got, want)
	}
}

func TestAPushSecretThatCannotBeReadIsSaidBeforeAnythingIsSent(t *testing.T) {
	h, path := newHub(t), onDisk(t, image(t))
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "config.json"), []byte(`{"auths": "sesame"`), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for folder, want := range map[string]string{
		empty:  "the push secret: " + empty + " (DOCKER_CONFIG) holds neither config.json nor .dockerconfigjson",
		broken: "the push secret: " + filepath.Join(broken, "config.json") + " is no config.json of Docker",
	} {
		if got := call(t, map[string]string{"DOCKER_CONFIG": folder}, "--plain-http", h.host, path, h.host+"/cart:1"); got.code != 1 || got.told != want || len(h.asked("GET")) != 0 {
			t.Errorf("%+v, want %q", got, want)
		}
	}
}
