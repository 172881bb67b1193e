package programs

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// one is a cluster of one program, which writes a line each time it starts.
func one(t *testing.T) Cluster {
	t.Helper()
	dir := t.TempDir()
	c := Cluster{state: dir, record: filepath.Join(dir, "owner.json"), lock: filepath.Join(dir, "lock")}
	spec := process.Spec{Name: "thing", Command: []string{"/bin/sh", "-c", "echo begun; exec sleep 60"}, Log: c.log()}
	child, err := process.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	r := owner.Record{State: dir, Complete: true}
	r.Remember(child.Process, spec)
	if err := r.Write(c.record); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p, known := c.recorded(t).Process("thing"); known {
			p.Kill()
		}
	})
	return c
}

func (c Cluster) log() string { return filepath.Join(c.state, "thing.log") }

func (c Cluster) recorded(t *testing.T) *owner.Record {
	t.Helper()
	r, err := owner.Read(c.record)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestKilledProgramStartsAgainAsItWas(t *testing.T) {
	c := one(t)
	before, _ := c.recorded(t).Process("thing")
	eventually(t, func() bool { text, _ := os.ReadFile(c.log()); return string(text) == "begun\n" })
	if err := c.Kill(t.Context(), "thing"); err != nil {
		t.Fatal(err)
	}
	if dead := c.recorded(t).Dead(); !slices.Equal(dead, []string{"thing"}) {
		t.Fatalf("dead: %v", dead)
	}
	if err := c.Start("thing"); err != nil {
		t.Fatal(err)
	}
	r := c.recorded(t)
	after, _ := r.Process("thing")
	if len(r.Processes) != 1 || !after.Alive() || after.PID == before.PID || !r.Complete {
		t.Errorf("before %+v, after %+v", before, r)
	}
	eventually(t, func() bool { text, _ := os.ReadFile(c.log()); return string(text) == "begun\nbegun\n" })
}

func TestWhoHasTheLockNeedNotWaitForIt(t *testing.T) {
	c := one(t)
	lock, err := owner.Acquire(c.lock, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	done := make(chan error, 1)
	go func() { done <- c.Locked().Start("thing") }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the lock that its caller has")
	}
}

func TestStartLeavesWhatRunsAlone(t *testing.T) {
	c := one(t)
	before, _ := c.recorded(t).Process("thing")
	if err := c.Start("thing"); err != nil {
		t.Fatal(err)
	}
	if after, _ := c.recorded(t).Process("thing"); after != before {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestStoppedProgramGoesOn(t *testing.T) {
	c := one(t)
	p, _ := c.recorded(t).Process("thing")
	state := func() string {
		text, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "status"))
		_, rest, _ := strings.Cut(string(text), "State:\t")
		return rest[:1]
	}
	if err := c.Stop("thing"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return state() == "T" })
	if err := c.Continue("thing"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return state() != "T" })
}

func TestProgramsOfOthersAreLeftAlone(t *testing.T) {
	c := one(t)
	other := c
	other.state = "/another/.cluster"
	for name, err := range map[string]error{
		"another checkout": other.Stop("thing"),
		"unknown program":  c.Stop("nothing"),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func eventually(t *testing.T, is func() bool) {
	t.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("it does not become true")
}
