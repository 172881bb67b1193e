package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"sigs.k8s.io/yaml"
)

// TestMain is the program, when a test of its own starts it.
func TestMain(m *testing.M) {
	if os.Getenv("NATS_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// sampleConfig is what the sample shop gives to the server, with a folder of the
// test's and free ports.
func sampleConfig(t *testing.T) string {
	t.Helper()
	manifest, err := os.ReadFile("../../config/samples/nats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range strings.Split(string(manifest), "\n---\n") {
		var object struct {
			Kind string
			Data map[string]string
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		if object.Kind != "ConfigMap" {
			continue
		}
		text := object.Data["nats.conf"]
		for old, own := range map[string]string{"/data": t.TempDir(), "port: 4222": "port: -1", "http_port: 8222": "http_port: -1"} {
			if !strings.Contains(text, old) {
				t.Fatalf("the sample's configuration lacks %q", old)
			}
			text = strings.Replace(text, old, own, 1)
		}
		file := filepath.Join(t.TempDir(), "nats.conf")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Fatal("the sample has no configuration")
	return ""
}

// The server starts as the sample shop starts it, keeps what it acknowledged over
// a SIGKILL, and ends with SIGTERM.
func TestTheServerKeepsWhatItAcknowledgedOverASIGKILL(t *testing.T) {
	config := sampleConfig(t)
	cmd, url, health := start(t, config)
	res, err := http.Get(health + "/healthz?js-enabled-only=true") //nolint:noctx // a test's own server
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the probe: %v %v", res, err)
	}
	res.Body.Close()
	js := client(t, url)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "shop", Subjects: []string{"a.>"}, Storage: jetstream.FileStorage}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := js.Publish(t.Context(), "a.b", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Process.Kill() // it runs
	_ = cmd.Wait()         // it was killed
	cmd, url, _ = start(t, config)
	s, err := client(t, url).Stream(t.Context(), "shop")
	if err != nil || s.CachedInfo().State.Msgs != 100 {
		t.Fatalf("it forgot some of 100: %+v (%v)", s, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("it does not end with SIGTERM")
	}
}

func client(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

var (
	clients = regexp.MustCompile(`Listening for client connections on \S+:(\d+)`)
	monitor = regexp.MustCompile(`Starting http monitor on \S+:(\d+)`)
)

// start runs the program, and returns where it listens by what it logs.
func start(t *testing.T, config string) (cmd *exec.Cmd, url, health string) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-c", config)
	cmd.Env, cmd.Stderr = append(os.Environ(), "NATS_TEST_MAIN=1"), log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // ended, if all went well
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(log.Name())
		if at, http := clients.FindSubmatch(text), monitor.FindSubmatch(text); at != nil && http != nil && bytes.Contains(text, []byte("Server is ready")) {
			return cmd, "nats://127.0.0.1:" + string(at[1]), "http://127.0.0.1:" + string(http[1])
		}
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("it does not start: %s", text)
	return nil, "", ""
}

func TestAWrongConfigurationIsTold(t *testing.T) {
	if err := run([]string{"-c", "/none"}); err == nil {
		t.Error("no error")
	}
}
