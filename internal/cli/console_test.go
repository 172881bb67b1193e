package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// heard is what somebody writes while another reads.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

var printedAddress = regexp.MustCompile(`(http://127\.0\.0\.1:\d+)/start#k=(\S{43})\n`)

// The command asks who one is, prints an address that lets a browser in, and acts with the token of the kubeconfig; Ctrl-C ends it.
func TestTheConsoleOnThisMachine(t *testing.T) {
	var asked sync.Map
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method+" "+r.URL.Path, r.Header.Get("Authorization"))
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/selfsubjectreviews") {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview","status":{"userInfo":{"username":"ana@shop"}}}`))
			return
		}
		_, _ = w.Write([]byte(`{"apiVersion":"shop.emporium.dev/v1alpha1","kind":"ShopList","items":[]}`))
	}))
	t.Cleanup(api.Close)
	ca := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}))
	kubeconfig := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(kubeconfig, []byte(`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"k","cluster":{"server":"`+api.URL+`","certificate-authority-data":"`+ca+`"}}],
		"users":[{"name":"u","user":{"token":"of-ana"}}],"contexts":[{"name":"c","context":{"cluster":"k","namespace":"acme","user":"u"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, ended := &heard{}, make(chan int, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		ended <- Main(ctx, Streams{In: strings.NewReader(""), Out: out, Err: out}, func(string) string { return "" }, "1.2.3", []string{"console", "--kubeconfig", kubeconfig})
	}()
	var address []string
	for end := time.Now().Add(time.Minute); address == nil; time.Sleep(10 * time.Millisecond) {
		if address = printedAddress.FindStringSubmatch(out.String()); time.Now().After(end) {
			t.Fatal("no address in ", out)
		}
	}
	if code := enters(t, address[1], address[2]); code != http.StatusOK {
		t.Errorf("the browser that opens the address sees %d", code)
	}
	if who, _ := asked.Load("GET /apis/shop.emporium.dev/v1alpha1/shops"); who != "Bearer of-ana" {
		t.Errorf("shops were asked for as %v", who)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("Ctrl-C ends it with %d: %s", code, out)
	}
}

// enters signs in by a code, and looks at the shops.
func enters(t *testing.T, address, code string) int {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	send := func(method, path, body string, cookies []*http.Cookie) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	res := send(http.MethodPost, "/start", url.Values{"code": {code}}.Encode(), nil)
	return send(http.MethodGet, "/shops", "", res.Cookies()).StatusCode
}

func TestTheConsoleIsNotBegunForNobody(t *testing.T) {
	code, out, errs := run(t, "console", "--no-open")
	if code == 0 || strings.Contains(out, "#k=") || !strings.Contains(errs, "who you are") {
		t.Errorf("without an API server: %d %s%s", code, out, errs)
	}
	if code, _, errs = run(t, "console", "acme"); code != exitUsage {
		t.Errorf("with an argument: %d %s", code, errs)
	}
}

// The code stands in a file that nobody else can read, and not among the arguments of a program, which everybody can.
func TestTheBrowserIsOpenedWithoutTellingOthersTheCode(t *testing.T) {
	page, err := doorway("http://127.0.0.1:1/start#k=se&cret")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(filepath.Dir(page))
	text, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(text), `url=http://127.0.0.1:1/start#k=se&amp;cret"`) {
		t.Errorf("%s %v", text, err)
	}
	for path, want := range map[string]os.FileMode{page: 0o600, filepath.Dir(page): 0o700} {
		if info, err := os.Stat(path); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != want) {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	for system, want := range map[string]string{"linux": "xdg-open", "darwin": "open", "windows": "rundll32"} {
		name, args := opener(system, page)
		if name != want || args[len(args)-1] != page {
			t.Errorf("%s: %s %v", system, name, args)
		}
	}
}
