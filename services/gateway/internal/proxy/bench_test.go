package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/serve"
)

// The benchmark keeps pods and clients out of its own process, so that the CPU
// time of this process is the front door's alone. They are this test binary,
// started with benchRole.
const (
	benchRole  = "GATEWAY_BENCH_ROLE"
	benchConns = 64
)

func TestMain(m *testing.M) {
	switch os.Getenv(benchRole) {
	case "pod":
		benchPod()
	case "client":
		benchClient(os.Args[1], os.Args[2])
	case "idle":
		idleClient(os.Args[1], os.Args[2])
	default:
		os.Exit(m.Run())
	}
}

// benchPod answers every request with 1 KiB until its input ends.
func benchPod() {
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	body := strings.Repeat("x", 1024)
	server := serve.NewServer(say(body), serve.Limits{}, slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(listener) }()
	fmt.Println(listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// benchClient sends n requests over 64 kept-alive connections, as a browser
// would write them.
func benchClient(address, count string) {
	n, _ := strconv.ParseInt(count, 10, 64)
	var next atomic.Int64
	var group sync.WaitGroup
	for range benchConns {
		group.Go(func() {
			conn, err := net.Dial("tcp", address)
			fatal(err)
			in := bufio.NewReader(conn)
			for next.Add(1) <= n {
				_, err := io.WriteString(conn, "GET /p/1?x=y HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n")
				fatal(err)
				res, err := http.ReadResponse(in, nil)
				fatal(err)
				if size, err := io.Copy(io.Discard, res.Body); err != nil || size != 1024 || res.StatusCode != 200 {
					fatal(fmt.Errorf("%d, %d bytes: %w", res.StatusCode, size, err))
				}
			}
		})
	}
	group.Wait()
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func benchStart(b *testing.B, role string, args ...string) (*exec.Cmd, *bufio.Reader) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), benchRole+"="+role)
	cmd.Stderr = os.Stderr
	in, _ := cmd.StdinPipe()
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	return cmd, bufio.NewReader(out)
}

func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkProxy reports the CPU time of the front door in seconds for 10,000
// requests with 1 KiB bodies over 64 connections, with routing, balancing over
// two pods and counting on. Run it as the front door runs: GOGC=400.
func BenchmarkProxy(b *testing.B) {
	w := newWorld(b)
	w.endpoints("web-a", benchPods(b, 2)...)
	w.route("a", "")
	benchLoad(b, w.public.Listener.Addr().String())
}

// BenchmarkBareReverseProxy is the yardstick: the standard library's proxy to
// one pod with the same transport, and nothing else.
func BenchmarkBareReverseProxy(b *testing.B) {
	w := newWorld(b)
	target := &url.URL{Scheme: "http", Host: benchPods(b, 1)[0]}
	bare := &httputil.ReverseProxy{
		Rewrite:   func(pr *httputil.ProxyRequest) { pr.SetURL(target); pr.SetXForwarded() },
		Transport: w.options.Transport,
	}
	benchLoad(b, w.listen(bare).Listener.Addr().String())
}

func benchPods(b *testing.B, n int) (addresses []string) {
	for range n {
		_, out := benchStart(b, "pod")
		address, _ := out.ReadString('\n')
		addresses = append(addresses, strings.TrimSpace(address))
	}
	return addresses
}

func benchLoad(b *testing.B, address string) {
	b.ReportAllocs()
	began := cpu()
	b.ResetTimer()
	client, _ := benchStart(b, "client", address, strconv.Itoa(b.N))
	if err := client.Wait(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric((cpu()-began).Seconds()/float64(b.N)*10_000, "cpu-s/10k")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
