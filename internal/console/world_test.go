package console_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/consoletest"
	"github.com/emporium-shop/emporium/internal/view"
)

const (
	host      = "console.example"
	goodToken = "token-of-ana"
)

var noon = consoletest.Noon

// desk is a console with somebody before it.
type desk struct {
	*console.Server
	ana    *consoletest.Person
	log    *strings.Builder
	now    time.Time
	cookie *http.Cookie
}

func worldOf(namespace, name string) view.Objects {
	return view.Objects{Now: noon, Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}}
}

// open makes a console in token mode, where ana's token is known and no other is.
func open(t *testing.T, worlds ...view.Objects) *desk {
	t.Helper()
	d := &desk{ana: consoletest.New("ana@shop", worlds...), log: &strings.Builder{}, now: noon}
	stranger := consoletest.New("nobody")
	stranger.Fails(apierrors.NewUnauthorized("Unauthorized"))
	var err error
	d.Server, err = console.New(t.Context(), console.Options{
		Login: func(token string) (console.Person, error) {
			if token == goodToken || strings.Count(token, ".") == 2 {
				return d.ana, nil
			}
			return stranger, nil
		},
		Hosts: []string{host}, Secure: true, Port: "443", Log: slog.New(slog.NewTextHandler(d.log, nil)), Now: func() time.Time { return d.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// request of a browser at one of our own pages, with the session that there is.
func (d *desk) request(method, target string, form url.Values, change ...func(*http.Request)) *http.Request {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "https://"+host+target, body)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "null") // what browsers send with Referrer-Policy: no-referrer
	}
	if d.cookie != nil {
		r.AddCookie(d.cookie)
	}
	for _, c := range change {
		c(r)
	}
	return r
}

func (d *desk) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func (d *desk) get(target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return d.do(d.request(http.MethodGet, target, nil, change...))
}

func (d *desk) post(target string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return d.do(d.request(http.MethodPost, target, form, change...))
}

// signIn pastes a token.
func (d *desk) signIn(t *testing.T, token string) *httptest.ResponseRecorder {
	t.Helper()
	w := d.post("/login", url.Values{"token": {token}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("signing in: %d\n%s", w.Code, w.Body)
	}
	d.cookie = w.Result().Cookies()[0]
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
}

func wants(t *testing.T, w *httptest.ResponseRecorder, code int, texts ...string) {
	t.Helper()
	if w.Code != code {
		t.Errorf("the answer is %d, want %d", w.Code, code)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("no %q in\n%s", text, w.Body)
		}
	}
}

const code = "the-code-of-the-terminal"

// atHome makes a console in local mode.
func atHome(t *testing.T, worlds ...view.Objects) *desk {
	t.Helper()
	d := &desk{ana: consoletest.New("ana@shop", worlds...), log: &strings.Builder{}, now: noon}
	var err error
	d.Server, err = console.New(t.Context(), console.Options{
		Local: d.ana, Code: code, Hosts: []string{host}, Port: "1234", Log: slog.New(slog.NewTextHandler(d.log, nil)), Now: func() time.Time { return d.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}
