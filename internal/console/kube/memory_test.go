package kube_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/console/consoletest"
)

const (
	sessions = 50
	// mostMiB is what the console may hold with them: two thirds of its limit in config/console.
	mostMiB = 85
	changes = 8
)

// Fifty people look at a shop of twenty services, each with a page that keeps itself current, while the shop changes: so much
// memory holds the process of cmd/console.
func TestFiftySessionsWithALivePageFitIntoTheMemoryOfASmallPod(t *testing.T) {
	c := start(t)
	c.large(t)
	process, address := c.process(t)
	empty := memory(t, process)
	var told sync.WaitGroup
	var pages atomic.Int64
	last := fmt.Sprint("step ", changes)
	for n := range sessions {
		v := signIn(t, address, c.somebody(t, "acme", fmt.Sprint("person-", n), on("get", "list", "watch"), around))
		v.page(t, "is ready at the preview")
		told.Add(1)
		listening := make(chan struct{})
		go func() {
			defer told.Done()
			v.follow(t, listening, func() bool { pages.Add(1); return strings.Contains(v.html(t), last) })
		}()
		<-listening
	}
	open := memory(t, process)
	for n := range changes {
		c.says(t, fmt.Sprint("step ", n+1))
	}
	told.Wait()
	after := memory(t, process)
	t.Logf("the console holds %s without a session, %s with %d sessions and as many live pages, %s after %d changes and %d pages; %d cores, %s",
		empty, open, sessions, after, changes, pages.Load(), runtime.NumCPU(), runtime.Version())
	if after.resident > mostMiB {
		t.Errorf("the console holds %s, at most %d MiB are wanted", after, mostMiB)
	}
}

// around the shop there is more to read for who keeps it serving: as in emporium-on-call.
var around = rbacv1.PolicyRule{
	APIGroups: []string{"", "apps", "batch", "autoscaling", "coordination.k8s.io"}, Verbs: []string{"get", "list", "watch"},
	Resources: []string{"pods", "events", "deployments", "jobs", "horizontalpodautoscalers", "leases"},
}

// large makes acme a shop of twenty services whose candidate waits for approval.
func (c *cluster) large(t *testing.T) {
	t.Helper()
	world := consoletest.Awaiting()
	for i := range world.Releases {
		r := world.Releases[i].DeepCopy()
		r.Spec.Revision = strings.TrimPrefix(r.Name, "acme-")
		c.make(t, r)
		r.Status = world.Releases[i].Status
		if err := c.api.Status().Update(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	shop := c.acme(t)
	shop.Status = world.Shop.Status
	if err := c.api.Status().Update(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
}

// says changes the sentence of the shop.
func (c *cluster) says(t *testing.T, sentence string) {
	t.Helper()
	shop := c.acme(t)
	shop.Status.Conditions[0].Message = sentence
	if err := c.api.Status().Update(t.Context(), shop, client.FieldOwner("emporium")); err != nil {
		t.Fatal(err)
	}
}

// process starts cmd/console as config/console does.
func (c *cluster) process(t *testing.T) (pid int, address string) {
	t.Helper()
	folder := t.TempDir()
	program, ca := filepath.Join(folder, "console"), filepath.Join(folder, "ca.crt")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "../../../cmd/console")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(ca, c.config.CAData, 0o600); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(c.config.Host, "https://")
	cmd := exec.Command(program, "--listen=127.0.0.1:0", "--health=127.0.0.1:0", "--api-server=https://"+strings.TrimSuffix(host, "/"), "--api-server-ca="+ca) //nolint:gosec,noctx // our own program; it ends with the test
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=115MiB", "GOGC=50")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewReader(said)
	line, err := lines.ReadBytes('\n')
	var started struct{ Hosts []string }
	if err != nil || json.Unmarshal(line, &started) != nil || len(started.Hosts) == 0 {
		t.Fatalf("the console says %q: %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return cmd.Process.Pid, "http://" + started.Hosts[0]
}

// held is what a process holds in MiB: all of it, and of that what is its own, without pages of its program.
type held struct{ resident, own float64 }

func (h held) String() string { return fmt.Sprintf("%.0f MiB (%.0f of its own)", h.resident, h.own) }

func memory(t *testing.T, pid int) held {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	of := func(field string) (mib float64) {
		_, rest, _ := strings.Cut(string(text), field+":")
		if _, err := fmt.Sscan(rest, &mib); err != nil {
			t.Fatal(field, err)
		}
		return mib / 1024
	}
	return held{of("VmRSS"), of("RssAnon")}
}

// window is a browser of somebody.
type window struct {
	client  *http.Client
	address string
}

func signIn(t *testing.T, address, token string) *window {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &window{&http.Client{Jar: jar, Transport: &http.Transport{}}, address}
	res, err := v.client.PostForm(address+"/login", url.Values{"token": {token}, "next": {"/shops/acme/acme"}}) //nolint:noctx // the address of a test
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("signing in: %v %v", res, err)
	}
	_ = res.Body.Close()
	t.Cleanup(v.client.CloseIdleConnections)
	return v
}

func (v *window) get(t *testing.T, path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.address+path, nil)
	if err != nil {
		return nil, err
	}
	return v.client.Do(r)
}

// html is the page of the shop, "" where it cannot be had.
func (v *window) html(t *testing.T) string {
	res, err := v.get(t, "/shops/acme/acme")
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return string(text)
}

func (v *window) page(t *testing.T, want string) {
	t.Helper()
	if html := v.html(t); !strings.Contains(html, want) {
		t.Fatalf("no %q in\n%s", want, html)
	}
}

// follow listens as the script of the page does, and looks again at each change until that says that it has seen enough.
func (v *window) follow(t *testing.T, listening chan<- struct{}, look func() bool) {
	res, err := v.get(t, "/shops/acme/acme/changes")
	close(listening)
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if lines.Text() == "event: changed" && look() {
			return
		}
	}
	if t.Context().Err() != context.Canceled {
		t.Error("the stream ended before the last change was told")
	}
}
