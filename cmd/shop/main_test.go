package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestMain is the program, when a test of its own starts it.
func TestMain(m *testing.M) {
	if os.Getenv("SHOP_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is the program as a shell starts it, and what it said of its address.
func program(t *testing.T) (cmd *exec.Cmd, address string, rest *bufio.Reader, log *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-address", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "SHOP_TEST_MAIN=1")
	log = &bytes.Buffer{}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // ended, if all went well
	rest = bufio.NewReader(out)
	line, err := rest.ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), "The shop is open: ")
	if err != nil || !found {
		t.Fatalf("it said %q (%v): %s", line, err, log)
	}
	return cmd, address, rest, log
}

func TestCtrlCEndsAShopThatSold(t *testing.T) {
	cmd, address, rest, log := program(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/api/cart", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", uuid.NewString())
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("a cart: %v %v", res, err)
	}
	res.Body.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(rest)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, log)
	}
	if !bytes.Contains(said, []byte("staff     Authorization: Bearer ey")) || !bytes.Contains(said, []byte("catalog")) {
		t.Errorf("it said %s", said)
	}
	gone(t, cmd)
	// What is well needs no line on a laptop, whichever service it is.
	for line := range strings.Lines(log.String()) {
		var one struct{ Level, Service string }
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.Service == "" || (one.Level != "WARN" && one.Level != "ERROR") {
			t.Errorf("it logged, at the level warn: %s", line)
		}
	}
}

func TestALevelThatIsNoneIsToldAtOnce(t *testing.T) {
	if err := run(t.Context(), nil, map[string]string{"LOG_LEVEL": "loud"}, io.Discard); err == nil || !strings.Contains(err.Error(), "LOG_LEVEL") {
		t.Errorf("%v", err)
	}
}

// However it ends, its database ends with it.
func TestAKilledShopLeavesNoDatabaseThatRuns(t *testing.T) {
	cmd, _, _, _ := program(t)
	pid := database(t, cmd)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()  // it was killed
	for range 600 { // PostgreSQL gets its signal from the kernel, and ends its children first
		if _, err := os.Stat("/proc/" + pid); err != nil {
			return
		}
		if state, _ := os.ReadFile("/proc/" + pid + "/stat"); bytes.Contains(state, []byte(") Z ")) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("PostgreSQL still runs")
}

// database is the process of the shop's PostgreSQL.
func database(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	found, err := filepath.Glob("/tmp/*-" + strconv.Itoa(cmd.Process.Pid) + "-*/data/postmaster.pid")
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v (%v)", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(string(text), "\n")
	return pid
}

func gone(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if left, _ := filepath.Glob("/tmp/*-" + strconv.Itoa(cmd.Process.Pid) + "-*"); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestWrongUsageIsTold(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"-address", "nowhere:nothing"}} {
		if err := run(t.Context(), args, map[string]string{"DATABASE_URL": "postgres://nobody@/none?host=/none"}, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
