package upstream

import (
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

func names(n int) (all []string) {
	for i := range n {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

func TestEjectionLeavesAThirdOfThePods(t *testing.T) {
	for n, want := range map[int]int{1: 0, 2: 1, 3: 2, 4: 2, 6: 4, 10: 6} {
		c := &clock{time.Unix(100, 0)}
		p := poolOf(c, names(n)...)
		out := 0
		for _, e := range *p.endpoints.Load() {
			if e.Refused(c.now()) {
				out++
			}
		}
		if out != want {
			t.Errorf("%d of %d pods were passed over, want %d", out, n, want)
		}
	}
}

// What is left after a change of the endpoints may be ejected altogether.
func TestWhenAllAreEjectedTheLeastLoadedIsAsked(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	p := poolOf(c, names(12)...)
	for _, e := range *p.endpoints.Load() {
		e.Refused(c.now())
	}
	p.set(names(4))
	asked := map[string]int{}
	for range 400 {
		e := p.Pick(nil)
		e.Acquire()
		asked[e.Address]++
	}
	for _, name := range names(4) {
		if asked[name] < 90 || asked[name] > 110 {
			t.Errorf("the load is not spread: %v", asked)
			break
		}
	}
}

func TestOneRequestTriesOutAPodWhoseEjectionIsOver(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	p := poolOf(c, "bad", "good")
	bad := find(t, p, "bad")
	bad.Refused(c.now())
	c.at = c.at.Add(firstEjection)
	tries := func() (n int) {
		for range 50 {
			if p.Pick(nil) == bad {
				n++
			}
		}
		return n
	}
	if n := tries(); n != 1 {
		t.Errorf("%d requests tried it out", n)
	}
	if !bad.Refused(c.now()) {
		t.Error("it refused again, and is not passed over")
	}
	c.at = c.at.Add(2 * firstEjection)
	tries()
	bad.Answered()
	if n := tries(); n < 10 {
		t.Errorf("it answered, and got %d of 50 requests", n)
	}
}

func TestAPodThatFailsInARowIsPassedOver(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	p := poolOf(c, "bad", "good")
	bad := find(t, p, "bad")
	for i := range failuresInARow - 1 {
		if bad.Failed(c.now()) {
			t.Fatalf("it was passed over after %d failures", i+1)
		}
	}
	bad.Answered() // one good answer between them
	if bad.Failed(c.now()) {
		t.Error("failures are counted over a good answer")
	}
	for range failuresInARow - 1 {
		bad.Failed(c.now())
	}
	if !bad.ejected(p.clock(c.now())) {
		t.Error("it fails every request and is still asked")
	}
}

func TestRepetitionsHaveABudget(t *testing.T) {
	c := &clock{time.Unix(100, 0)}
	p := poolOf(c, "a")
	spent := func(requests int) (n int) {
		for range requests {
			p.Asked()
			if p.MayRepeat() {
				n++
			}
		}
		return n
	}
	if n := spent(1000); n < 200 || n > 230 {
		t.Errorf("%d of 1000 requests were repeated, want a fifth and a few", n)
	}
	c.at = c.at.Add(3 * time.Second)
	if n := spent(1); n != 1 {
		t.Error("a quiet service cannot repeat at all")
	}
	c.at = c.at.Add(time.Hour)
	for range 100 {
		if !p.MayRepeat() {
			break
		}
	}
	if p.MayRepeat() {
		t.Error("an hour of quiet saved up more than a burst")
	}
}

func TestAMachineClockThatJumpsBackDoesNotKeepAPodOut(t *testing.T) {
	p := newPool(time.Now)
	p.set([]string{"a", "b"})
	e := find(t, p, "a")
	e.Refused(time.Now())
	if left := time.Duration(e.ejectedUntil.Load() - p.clock(time.Now())); left > firstEjection {
		t.Errorf("it is out for %s", left)
	}
}

func TestAPodOfADualStackServiceIsOnePod(t *testing.T) {
	d := NewDirectory(time.Now)
	add := func(name string, family discoveryv1.AddressType, addresses ...string) {
		s := endpointSlice(name, "web", nil)
		s.AddressType = family
		for i, address := range addresses {
			s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}, TargetRef: &corev1.ObjectReference{UID: types.UID(strconv.Itoa(i))}})
		}
		d.Set(s)
	}
	add("web-6", discoveryv1.AddressTypeIPv6, "fd00::1", "fd00::2")
	wantAddresses(t, d, "web", "[fd00::1]:8080", "[fd00::2]:8080")
	add("web-4", discoveryv1.AddressTypeIPv4, "10.0.0.1", "10.0.0.2")
	wantAddresses(t, d, "web", "10.0.0.1:8080", "10.0.0.2:8080")
}

func TestTheDirectoryTellsUnknownFromEmpty(t *testing.T) {
	changes := 0
	d := NewDirectory(time.Now, func() { changes++ })
	if _, known := d.Pods("web"); known {
		t.Error("a Service without a slice is known")
	}
	d.Set(endpointSlice("web-1", "web", nil))
	if n, known := d.Pods("web"); n != 0 || !known {
		t.Errorf("a Service without pods: %d, %t", n, known)
	}
	if changes != 1 {
		t.Errorf("%d changes were told", changes)
	}
}
