package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/memory"
)

// idleConns is how many kept-alive connections one replica must be able to hold in
// idleLimit bytes.
const (
	idleConns = 10_000
	idleLimit = 160 << 20
)

// idleClient makes one request over each of n connections and keeps them until its input ends.
func idleClient(address, count string) {
	n, _ := strconv.Atoi(count)
	conns := make([]net.Conn, n)
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			for i := worker; i < n; i += 16 {
				conn, err := net.Dial("tcp", address)
				fatal(err)
				_, err = io.WriteString(conn, "GET /p HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n")
				fatal(err)
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				fatal(err)
				_, err = io.Copy(io.Discard, res.Body)
				fatal(err)
				conns[i] = conn
			}
		})
	}
	group.Wait()
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// resident returns the memory of this process in bytes.
func resident() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// BenchmarkIdleConnections reports the memory of a front door that holds ten thousand
// idle connections, each after one request, with the runtime fitted as in the program.
// It needs 20,000 open files and fails beyond the limit:
//
//	go test -run XXX -bench IdleConnections -benchtime 1x ./services/gateway/internal/proxy
func BenchmarkIdleConnections(b *testing.B) {
	memory.Fit(b.Context())
	w := newWorld(b)
	w.endpoints("web-a", benchPods(b, 2)...)
	w.route("a", "")
	before := resident()
	_, out := benchStart(b, "idle", w.public.Listener.Addr().String(), strconv.Itoa(idleConns))
	if line, err := out.ReadString('\n'); err != nil || line != "ready\n" {
		b.Fatalf("the client says %q, %v", line, err)
	}
	most := resident()
	for range 10 {
		time.Sleep(time.Second)
		most = max(most, resident())
	}
	b.ReportMetric(float64(resident())/(1<<20), "MiB")
	b.ReportMetric(float64(most)/(1<<20), "MiB-at-most")
	b.ReportMetric(float64(most-before)/idleConns, "bytes/connection")
	if most > idleLimit {
		b.Logf("%s", runtimeMemory())
		b.Errorf("%d MiB for %d idle connections, want %d", most>>20, idleConns, idleLimit>>20)
	}
}

func runtimeMemory() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Sprintf("now %d MiB resident: heap in use %d, idle %d, released %d, stacks %d, other %d; next collection at %d, %d collections",
		resident()>>20, m.HeapInuse>>20, m.HeapIdle>>20, m.HeapReleased>>20, m.StackInuse>>20, (m.OtherSys+m.MSpanSys+m.GCSys)>>20, m.NextGC>>20, m.NumGC)
}
