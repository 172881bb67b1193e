package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// asCommand makes the test binary a command that builds forever, for the test that kills it.
const asCommand = "ENGINE_TEST_CHECKOUT"

// forever is a command line that nobody else has.
const forever = "sleep 86399.25"

func TestMain(m *testing.M) {
	if checkout := os.Getenv(asCommand); checkout != "" {
		fmt.Println(buildForever(context.Background(), checkout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func buildForever(ctx context.Context, checkout string) error {
	note := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	e, err := Start(ctx, Options{Checkout: checkout, Logs: checkout, Note: note})
	if err != nil {
		return err
	}
	defer e.Close()
	return e.Run(ctx, Job{Name: "forever", Context: checkout, Dockerfile: filepath.Join(checkout, "Dockerfile")}, os.Stdout)
}

// TestNothingIsLeftOfACommandThatIsKilled: not its daemon, nor what RUN started, nor a mount.
func TestNothingIsLeftOfACommandThatIsKilled(t *testing.T) {
	if err := Able(); err != nil {
		t.Skipf("left out: %v", err)
	}
	checkout := foreverCheckout(t)
	mark := asCommand + "=" + checkout
	var output bytes.Buffer
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), mark), &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	// The first time BuildKit and Debian must be fetched.
	for begun := time.Now(); count("cmdline", "sleep\x0086399.25") == 0; time.Sleep(20 * time.Millisecond) {
		select {
		case <-exited:
			t.Fatalf("the command ended by itself:\n%s", output.String())
		default:
		}
		if time.Since(begun) > 8*time.Minute {
			t.Fatal("RUN does not begin")
		}
	}
	if got := count("environ", mark); got < 2 {
		t.Fatalf("only %d processes are the command or its daemon: the test would see nothing", got)
	}
	_ = cmd.Process.Kill() // seen by its exit
	<-exited
	deadline := time.Now().Add(30 * time.Second)
	for count("environ", mark)+count("cmdline", "sleep\x0086399.25") > 0 {
		if time.Now().After(deadline) {
			t.Fatal("a process is left")
		}
		time.Sleep(20 * time.Millisecond)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(mounts, []byte("/buildkit/")) {
		t.Errorf("a mount is left:\n%s", mounts)
	}
	// A process that ends has no command line any more and is in its groups still, for a moment.
	for left := []string{cgroup}; len(left) > 0; time.Sleep(20 * time.Millisecond) {
		sweepCgroups()
		if left, _ = filepath.Glob("/sys/fs/cgroup/*/" + cgroup); time.Now().After(deadline) {
			t.Fatalf("groups are left: %v", left)
		}
	}
}

func foreverCheckout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	component := filepath.Join("hack", "cluster", "components", "buildkit")
	if err := os.CopyFS(filepath.Join(folder, component), os.DirFS(filepath.Join("..", "..", "..", "cluster", "components", "buildkit"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte("FROM debian:trixie-slim\nRUN "+forever+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// count counts the processes of this machine whose cmdline or environ contains text.
func count(file, text string) (found int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/" + file)
	for _, path := range paths {
		// A process that has ended meanwhile is none.
		if content, err := os.ReadFile(path); err == nil && bytes.Contains(content, []byte(text)) {
			found++
		}
	}
	return found
}
