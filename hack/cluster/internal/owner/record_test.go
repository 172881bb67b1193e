package owner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

func TestRecordComesBackAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "owner.json")
	if none, err := Read(path); none != nil || err != nil {
		t.Fatalf("before anything is written: %v, %v", none, err)
	}
	me, err := process.Find("me", os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	gone := me
	gone.Name, gone.Start = "gone", me.Start-1
	if err := (Record{State: "/a/.cluster", Complete: true, Processes: []process.Process{me, gone}}).Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if alive, dead := got.Alive(), got.Dead(); len(alive) != 1 || alive[0] != "me" || len(dead) != 1 || dead[0] != "gone" {
		t.Errorf("alive %v, dead %v", alive, dead)
	}
}

func TestLockLetsOneInAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Acquire(path, func() { t.Error("the first one waits") })
	if err != nil {
		t.Fatal(err)
	}
	waits, done := make(chan struct{}), make(chan error)
	go func() {
		second, err := Acquire(path, func() { close(waits) })
		if err == nil {
			second.Release()
		}
		done <- err
	}()
	<-waits
	first.Release() // removes the file that the second waits for: it must take the lock anew
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the lock's file is left behind")
	}
}
