package load

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// seen is a run of a minute with a switch there and back, a stall and two failures.
func seen() (records []Record) {
	for n := range 600 {
		release, took := "acme-1", 8+n%7
		if n >= 200 && n < 400 {
			release = "acme-2"
		}
		if n > 300 && n < 310 {
			took = 900
		}
		r := step("home", n*100, took)
		r.Release = release
		if n%20 == 0 {
			r.Kind, r.End = order, r.End.Add(60*time.Millisecond)
		}
		if n == 250 || n == 251 {
			r.Status = 503
		}
		records = append(records, r)
	}
	return records
}

func TestThePlotShowsLatencyFailuresAndSwitches(t *testing.T) {
	var out bytes.Buffer
	records := seen()
	Plot(&out, records, append(Releases(records), Mark{at(5000), "kill <catalog>"}))
	golden := filepath.Join("testdata", "plot.svg")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("go test ./test/load -update, and look at it; want - / got +:\n%s", diff)
	}
}

func TestAPlotOfNothingIsEmpty(t *testing.T) {
	var out bytes.Buffer
	Plot(&out, nil, nil)
	if bytes.Contains(out.Bytes(), []byte("NaN")) || !bytes.Contains(out.Bytes(), []byte("</svg>")) {
		t.Error(out.String())
	}
}

// During a switch replicas route by both releases for up to a second: that is one switch.
func TestASwitchIsMarkedOnce(t *testing.T) {
	records := []Record{good(0, "a"), good(100, "b"), good(130, "a"), good(160, "b"), good(900, "b"), good(1500, "b"), good(3000, "a"), with(good(3100, ""), func(r *Record) { r.Status = 502 })}
	want := []Mark{{at(109), "b"}, {at(3009), "a"}}
	if diff := cmp.Diff(want, Releases(records)); diff != "" {
		t.Errorf("want - / got +:\n%s", diff)
	}
}
