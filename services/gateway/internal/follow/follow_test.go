package follow

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// shelf is a Store that can be waited on.
type shelf struct {
	mu    sync.Mutex
	items map[string]string
	moved chan struct{}
}

func newShelf() *shelf { return &shelf{items: map[string]string{}, moved: make(chan struct{}, 100)} }

func (s *shelf) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	s.moved <- struct{}{}
}

func (s *shelf) Replace(all []*corev1.ConfigMap) {
	s.change(func() {
		clear(s.items)
		for _, cm := range all {
			s.items[cm.Name] = cm.Data["k"]
		}
	})
}
func (s *shelf) Set(cm *corev1.ConfigMap)    { s.change(func() { s.items[cm.Name] = cm.Data["k"] }) }
func (s *shelf) Delete(cm *corev1.ConfigMap) { s.change(func() { delete(s.items, cm.Name) }) }

func (s *shelf) await(t *testing.T, name, want string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		got, found := s.items[name]
		s.mu.Unlock()
		if got == want && found == (want != "") {
			return
		}
		select {
		case <-s.moved:
		case <-limit:
			t.Fatalf("%s is %q, want %q", name, got, want)
		}
	}
}

func configMap(name, value string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shops"}, Data: map[string]string{"k": value}}
}

// listed tells the reflector that the fake cannot stream its first list.
type listed struct {
	Client[*corev1.ConfigMapList]
}

func (listed) IsWatchListSemanticsUnSupported() bool { return true }

func follow(t *testing.T, client *fake.Clientset) (*Follower, *shelf) {
	s := newShelf()
	f := New(listed{client.CoreV1().ConfigMaps("shops")}, Selection{Fields: "metadata.name=one"}, &corev1.ConfigMap{}, s, time.Now)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return f, s
}

func TestFollowsFromTheBeginning(t *testing.T) {
	client := fake.NewClientset(configMap("one", "1"))
	f, s := follow(t, client)
	s.await(t, "one", "1")
	for !f.Synced() { // set right after the store has all
		time.Sleep(time.Millisecond)
	}
	api := client.CoreV1().ConfigMaps("shops")
	if _, err := api.Update(t.Context(), configMap("one", "2"), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.await(t, "one", "2")
	if err := api.Delete(t.Context(), "one", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.await(t, "one", "")
	if _, err := api.Create(t.Context(), configMap("one", "3"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.await(t, "one", "3")
}

func TestComesBackAfterTheAPIWasLost(t *testing.T) {
	client := fake.NewClientset(configMap("one", "1"))
	var lost atomic.Bool
	var watches atomic.Pointer[watch.FakeWatcher]
	lost.Store(true)
	client.PrependReactor("list", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		return lost.Load(), nil, errors.New("connection refused")
	})
	client.PrependWatchReactor("*", func(clienttesting.Action) (bool, watch.Interface, error) {
		w := watch.NewFake()
		watches.Store(w)
		return true, w, nil
	})
	f, s := follow(t, client)
	time.Sleep(20 * time.Millisecond)
	if f.Synced() {
		t.Error("synced without having seen anything")
	}
	lost.Store(false)
	s.await(t, "one", "1")
	for watches.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), configMap("one", "2"), "shops"); err != nil {
		t.Fatal(err)
	}
	// The watch expires without having told of it: the list is read anew.
	watches.Load().Error(&metav1.Status{Status: metav1.StatusFailure, Code: 410, Reason: metav1.StatusReasonExpired})
	s.await(t, "one", "2")
}

func TestTheFirstReadIsConsistent(t *testing.T) {
	got := Selection{Fields: "f", Labels: "l"}.on(metav1.ListOptions{ResourceVersion: "0", Limit: 5})
	if got.ResourceVersion != "" || got.FieldSelector != "f" || got.LabelSelector != "l" || got.Limit != 5 {
		t.Errorf("%+v", got)
	}
	if got := (Selection{}).on(metav1.ListOptions{ResourceVersion: "7"}); got.ResourceVersion != "7" {
		t.Errorf("a later read asks for %q", got.ResourceVersion)
	}
}

func TestItTellsSinceWhenTheAPIRefuses(t *testing.T) {
	client := fake.NewClientset(configMap("one", "1"))
	var refuse atomic.Bool
	client.PrependReactor("list", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return refuse.Load(), nil, errors.New("forbidden")
	})
	refuse.Store(true)
	began := time.Now()
	f, s := follow(t, client)
	for {
		since, err := f.Broken()
		if err != nil {
			if since.Before(began) || f.Synced() {
				t.Errorf("refused since %s, synced %t", since, f.Synced())
			}
			break
		}
		time.Sleep(time.Millisecond)
	}
	refuse.Store(false)
	s.await(t, "one", "1")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if since, err := f.Broken(); since.IsZero() && err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("it is answered again, and still says that it is not")
		}
	}
}
