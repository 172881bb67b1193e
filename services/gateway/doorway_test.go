package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	typeddiscoveryv1 "k8s.io/client-go/kubernetes/typed/discovery/v1"
	clienttesting "k8s.io/client-go/testing"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/settings"
)

// The fake API cannot stream a first list; these say so to the reflector.
type (
	listedConfigMaps struct{ typedcorev1.ConfigMapInterface }
	listedSlices     struct {
		typeddiscoveryv1.EndpointSliceInterface
	}
)

func (listedConfigMaps) IsWatchListSemanticsUnSupported() bool { return true }
func (listedSlices) IsWatchListSemanticsUnSupported() bool     { return true }

// replica is a whole front door against a fake API.
type replica struct {
	t    *testing.T
	api  *fake.Clientset
	set  settings.Settings
	lost atomic.Bool
	// unknown: the API does not know the replica's account.
	unknown atomic.Bool
	end     context.CancelFunc
	done    chan error
}

func start(t *testing.T) *replica { return startPinned(t, "") }

func startPinned(t *testing.T, release string) *replica {
	r := &replica{t: t, api: fake.NewClientset(), done: make(chan error, 1)}
	r.api.PrependReactor("*", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if r.unknown.Load() {
			return true, nil, apierrors.NewUnauthorized("no such account")
		}
		return r.lost.Load(), nil, errors.New("connection refused")
	})
	env := map[string]string{
		"SHOP": "demo", "POD_NAME": "demo-0", "POD_NAMESPACE": "shops", "POD_UID": "u", "DRAIN_DELAY": "300ms", "DRAIN_LIMIT": "5s",
		"PINNED_RELEASE": release, "PORT": freePort(t), "PREVIEW_PORT": freePort(t), "METRICS_PORT": freePort(t),
	}
	var err error
	if r.set, err = settings.Read(func(name string) (string, bool) { v, ok := env[name]; return v, ok }); err != nil {
		t.Fatal(err)
	}
	r.set.StaleLimit = 2 * time.Second // the least that may be set is 30 s
	c := clients{
		listedConfigMaps{r.api.CoreV1().ConfigMaps("shops")},
		listedSlices{r.api.DiscoveryV1().EndpointSlices("shops")}, r.api.CoordinationV1().Leases("shops"),
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.end = cancel
	d := newDoorway(r.set, c, slog.New(slog.DiscardHandler))
	d.reporter.RenewEvery, d.watch.Every = 100*time.Millisecond, 10*time.Millisecond
	go func() { r.done <- d.run(ctx) }()
	return r
}

func freePort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func (r *replica) get(port int64, path string) (int, string) {
	res, err := http.Get("http://127.0.0.1:" + strconv.FormatInt(port, 10) + path)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// await asks until the status and the text are there.
func (r *replica) await(port int64, path string, status int, text string) {
	r.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got, body := r.get(port, path)
		if got == status && strings.Contains(body, text) {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s answers %d %q, want %d with %q", path, got, body, status, text)
		}
	}
}

// publish stores a table whose active release has one pod.
func (r *replica) publish(release string, pod *httptest.Server) string {
	r.t.Helper()
	host, portText, _ := net.SplitHostPort(pod.Listener.Addr().String())
	port, _ := strconv.Atoi(portText)
	name, number := frontdoor.PortName, int32(port)
	_, err := r.api.DiscoveryV1().EndpointSlices("shops").Create(r.t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "web-" + release, Labels: map[string]string{
			discoveryv1.LabelServiceName: "web-" + release, frontdoor.LabelShop: "demo",
		}},
		Ports: []discoveryv1.EndpointPort{{Name: &name, Port: &number}}, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{host}}},
	}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	cm, hash := r.table(release, nil)
	if _, err := r.api.CoreV1().ConfigMaps("shops").Create(r.t.Context(), cm, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	return hash
}

// table returns a new switch to a release, as it is stored, and its hash.
func (r *replica) table(release string, guard *frontdoor.Guard) (*corev1.ConfigMap, string) {
	r.t.Helper()
	data, err := frontdoor.Table{
		Shop: "demo", Active: release, Switch: &frontdoor.Switch{At: time.Now()}, Guard: guard,
		Releases: []frontdoor.Release{{Name: release, Routes: []frontdoor.Route{{Path: "/", Service: "web", Upstream: "web-" + release}}}},
	}.Encode()
	if err != nil {
		r.t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Name: frontdoor.TableName("demo")}
	return &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{frontdoor.TableKey: data}}, frontdoor.Hash(data)
}

// guard switches to the release that is there, and asks for counts.
func (r *replica) guard(release string) {
	r.t.Helper()
	cm, hash := r.table(release, &frontdoor.Guard{Until: time.Now().Add(time.Hour)})
	if _, err := r.api.CoreV1().ConfigMaps("shops").Update(r.t.Context(), cm, metav1.UpdateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	r.awaitReport(hash)
}

func (r *replica) awaitReport(hash string) { r.awaitLease(frontdoor.AnnotationTableHash, hash) }

func (r *replica) awaitLease(annotation, value string) {
	r.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		lease, err := r.api.CoordinationV1().Leases("shops").Get(r.t.Context(), "demo-0", metav1.GetOptions{})
		if err == nil && lease.Annotations[annotation] == value {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the Lease does not report %s: %v, %v", value, lease, err)
		}
	}
}

// awaitCounts looks for the counts since the switch.
func (r *replica) awaitCounts(want frontdoor.Counts) {
	r.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		lease, err := r.api.CoordinationV1().Leases("shops").Get(r.t.Context(), "demo-0", metav1.GetOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
		report, err := frontdoor.ReportFrom(lease.Annotations)
		if err != nil {
			r.t.Fatal(err)
		}
		if got := report.Counts; got != nil && got.Before != nil {
			got.Before = nil // what was asked until the table was there
			if reflect.DeepEqual(*got, want) {
				return
			}
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the Lease counts %+v, want %+v", report.Counts, want)
		}
	}
}

func TestLifeOfAReplica(t *testing.T) {
	r := start(t)
	r.await(r.set.MetricsPort, "/startupz", 200, "ok")
	r.await(r.set.MetricsPort, "/readyz?verbose", 503, "[-] table to route by") // it must not replace one that has a table
	r.await(r.set.Port, "/", 503, "Opening soon")
	r.awaitReport("")

	hash := r.publish("a", httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from a") })))
	r.await(r.set.Port, "/", 200, "from a")
	r.await(r.set.MetricsPort, "/readyz", 200, "ok")
	r.awaitReport(hash)
	r.await(r.set.PreviewPort, "/", 503, "No preview")
	r.await(r.set.MetricsPort, "/metrics", 200, `emporium_frontdoor_endpoints{role="active",service="web"} 1`)
	r.await(r.set.MetricsPort, "/metrics", 200, `emporium_frontdoor_table_info{hash="`+hash+`"} 1`)
	r.await(r.set.Port, "/metrics", 404, "")

	r.lost.Store(true)
	r.await(r.set.MetricsPort, "/readyz", 503, "")
	r.await(r.set.Port, "/", 200, "from a") // who still comes is still served
	r.lost.Store(false)
	r.await(r.set.MetricsPort, "/readyz", 200, "")

	r.end()
	r.await(r.set.MetricsPort, "/readyz", 503, "")
	if err := <-r.done; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAReplicaReportsWhatItCountsAfterASwitch(t *testing.T) {
	r := start(t)
	r.publish("a", httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/fail" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})))
	r.await(r.set.Port, "/", 200, "")
	r.awaitLease(frontdoor.AnnotationCounts, "") // nobody asks
	r.guard("a")
	for _, path := range []string{"/", "/fail", "/"} {
		r.get(r.set.Port, path)
	}
	web := frontdoor.Counts{Requests: 3, Errors: 1}
	r.awaitCounts(frontdoor.Counts{Requests: 3, Errors: 1, Services: map[string]frontdoor.Counts{"web": web}})
	r.end()
	if err := <-r.done; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAPinnedReplicaIsReadyWhenItCanRoute(t *testing.T) {
	r := startPinned(t, "a")
	r.await(r.set.MetricsPort, "/startupz", 200, "ok")
	r.await(r.set.MetricsPort, "/readyz?verbose", 503, "[-] release to route to")
	r.publish("a", httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from a") })))
	r.await(r.set.MetricsPort, "/readyz", 200, "ok")
	r.await(r.set.Port, "/", 200, "from a")
	r.end()
	if err := <-r.done; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAShopThatOpensSoonHasAReadyFrontDoor(t *testing.T) {
	r := start(t)
	data, err := frontdoor.Table{Shop: "demo"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Name: frontdoor.TableName("demo")}
	if _, err := r.api.CoreV1().ConfigMaps("shops").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{frontdoor.TableKey: data}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r.await(r.set.MetricsPort, "/readyz", 200, "ok")
	r.await(r.set.Port, "/", 503, "Opening soon")
	r.end()
	<-r.done
}

// Its account was deleted and made anew: customers must not notice.
func TestAReplicaWhoseAccountIsUnknownServesOn(t *testing.T) {
	r := start(t)
	r.publish("a", httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "from a") })))
	r.await(r.set.MetricsPort, "/readyz", 200, "ok")
	r.unknown.Store(true)
	r.await(r.set.MetricsPort, "/metrics", 200, "emporium_frontdoor_account_unknown 1")
	for end := time.Now().Add(2 * r.set.StaleLimit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if status, body := r.get(r.set.MetricsPort, "/readyz?verbose"); status != 200 {
			t.Fatalf("it is taken out: %s", body)
		}
	}
	r.await(r.set.Port, "/", 200, "from a")
	r.end()
	<-r.done
}
