package process

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, script string) *Child {
	t.Helper()
	child, err := Start(Spec{
		Name: "thing", Command: []string{"/bin/sh", "-c", script}, Env: []string{"A=b"}, Log: filepath.Join(t.TempDir(), "logs", "thing.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(child.Kill)
	return child
}

func TestKillEndsTheProcess(t *testing.T) {
	child := start(t, "sleep 60")
	if !child.Alive() {
		t.Fatal("a process that was just started is not alive")
	}
	child.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if left := WaitGone(ctx, []Process{child.Process}); len(left) > 0 {
		t.Errorf("still alive: %v", left)
	}
}

func TestARecycledPidIsAnotherProcess(t *testing.T) {
	child := start(t, "sleep 60")
	for name, change := range map[string]func(*Process){
		"started at another time": func(p *Process) { p.Start-- },
		"before the last boot":    func(p *Process) { p.Boot = "another" },
	} {
		impostor := child.Process
		change(&impostor)
		if impostor.Alive() {
			t.Errorf("%s: taken for the same process", name)
		}
		impostor.Kill()
	}
	if !child.Alive() {
		t.Error("a process was killed for another that had its pid")
	}
}

func TestFailureShowsTheEndOfTheLog(t *testing.T) {
	child := start(t, "for i in $(seq 20); do echo line $i; done; echo $A; exit 3")
	<-child.Exited()
	got := child.Failure().Error()
	for _, want := range []string{"thing", "exit status 3", "thing.log", "line 20\n    b"} {
		if !strings.Contains(got, want) {
			t.Errorf("the failure does not say %q: %s", want, got)
		}
	}
	if strings.Contains(got, "line 5\n") {
		t.Errorf("the failure shows the whole log: %s", got)
	}
}

func TestFindKnowsItself(t *testing.T) {
	me, err := Find("test", os.Getpid())
	if err != nil || !me.Alive() {
		t.Errorf("got %+v, %v", me, err)
	}
}
