package gobuild

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestAFailedBuildSaysWhatTheCompilerSaidAndNotWhatWasCompiled(t *testing.T) {
	cmd := exec.Command("sh", "-c", `printf 'k8s.io/api/core/v1\nexample.org/shop\n# example.org/shop\n./main.go:3:2: undefined: x\nno newline' >&2; exit 1`)
	err := Run(cmd, "shop", func(string, ...any) {})
	if err == nil || !strings.Contains(err.Error(), "./main.go:3:2: undefined: x") || !strings.Contains(err.Error(), "no newline") {
		t.Fatalf("it says %v", err)
	}
	if strings.Contains(err.Error(), "k8s.io/api/core/v1") {
		t.Errorf("it lists what was compiled: %v", err)
	}
}

// TestALongBuildIsToldOf: the build goes on until it was told of once.
func TestALongBuildIsToldOf(t *testing.T) {
	cmd := exec.Command("sh", "-c", "echo k8s.io/api/core/v1; exec cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	err = run(cmd, "kubelet", func(format string, args ...any) {
		if said = append(said, fmt.Sprintf(format, args...)); strings.Contains(said[len(said)-1], "1 packages") {
			in.Close()
		}
	}, time.Millisecond)
	if err != nil || len(said) == 0 || !strings.HasPrefix(said[len(said)-1], "building kubelet: 0s, 1 packages compiled, now k8s.io/api/core/v1") {
		t.Errorf("%v: it says %q", err, said)
	}
}

func TestABuildThatHasCompiledNothingYetSaysSo(t *testing.T) {
	p := &progress{begun: time.Unix(0, 0)}
	if said := p.said(time.Unix(30, 0)); !strings.HasPrefix(said, "30s, downloading modules") {
		t.Error(said)
	}
}

func TestWhoSaysHowOftenGarbageIsCollectedIsObeyed(t *testing.T) {
	shown := func() string {
		err := Run(exec.Command("sh", "-c", `echo "# GOGC is $GOGC" >&2; exit 1`), "shop", func(string, ...any) {})
		return fmt.Sprint(err)
	}
	if got := shown(); !strings.Contains(got, "GOGC is 400") {
		t.Errorf("compilers run with %s", got)
	}
	t.Setenv("GOGC", "50")
	if got := shown(); !strings.Contains(got, "GOGC is 50") {
		t.Errorf("with GOGC=50 compilers run with %s", got)
	}
}
