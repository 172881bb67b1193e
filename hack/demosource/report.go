package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// promised is how long a changed line of a Go service may take from the push until it serves, with what was built before in the cache.
const promised = 20 * time.Second

// report is what the demo measured; .cluster/demo-source-report.json holds it.
type report struct {
	load.Result
	Ways []act `json:"ways"`
	// SameImage: the commit that changes no image made the image that was there. NoRelease: nothing was released because of it.
	SameImage bool `json:"sameImage"`
	NoRelease bool `json:"noRelease"`
	// SameRelease: the revert serves the image and the release of before.
	SameRelease bool `json:"sameRelease"`
	// OneRelease: two commits to two repositories at the same time were one release.
	OneRelease bool `json:"oneRelease"`
}

// act is the way of one commit of the demo.
type act struct {
	Name string `json:"name"`
	way
	ServedMillis int64 `json:"servedMillis,omitempty"`
}

func (r *report) add(name string, w way) {
	r.Ways = append(r.Ways, act{name, w, w.took(w.Confirmed).Milliseconds()})
}

// judge takes what customers got. Two commits may be of one switch.
func (r *report) judge(records []load.Record) {
	var switches []load.Switch
	for _, a := range r.Ways {
		if n := len(switches); a.Release != "" && (n == 0 || switches[n-1].To != a.Release) {
			switches = append(switches, stage.Seen(a.record))
		}
	}
	r.Result = load.Analyse(records, switches)
}

// promise is one figure with its bound.
type promise struct {
	name  string
	value int64
	bound string
	held  bool
}

func (r report) promises() []promise {
	served := r.served()
	return []promise{
		{"requests", int64(r.Requests), "> 0", r.Requests > 0},
		{"failed", int64(r.Failed), "0", r.Failed == 0},
		{"mixedRequests", int64(r.MixedRequests), "0", r.MixedRequests == 0},
		{"staleAfterConfirm", int64(r.StaleAfterConfirm), "0", r.StaleAfterConfirm == 0},
		{"commitToServedMillis", served, fmt.Sprintf("1 to %d", promised.Milliseconds()), served > 0 && served <= promised.Milliseconds()},
		truth("sameImage", r.SameImage), truth("noRelease", r.NoRelease), truth("sameRelease", r.SameRelease), truth("oneRelease", r.OneRelease),
	}
}

// served is what the changed line took, in milliseconds: the first way.
func (r report) served() int64 {
	if len(r.Ways) == 0 {
		return 0
	}
	return r.Ways[0].ServedMillis
}

func truth(name string, so bool) promise {
	if so {
		return promise{name, 1, "1", true}
	}
	return promise{name, 0, "1", false}
}

// end prints the tables, keeps report and picture in a folder, and returns what was not held.
func (r report) end(out io.Writer, folder string) error {
	r.table(out)
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "demo-source-report.json"), append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "demo-source.svg"), []byte(picture(r.Ways)), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	fmt.Fprintf(out, "\nthe picture: %s\n", filepath.Join(folder, "demo-source.svg"))
	fmt.Fprintf(out, "to push yourself: go run ./hack/demosource serve; kubectl -n %s get shop,shopsource -o wide\n", namespace)
	return r.broken()
}

// broken names every promise that did not hold.
func (r report) broken() error {
	var errs []error
	for _, p := range r.promises() {
		if !p.held {
			errs = append(errs, fmt.Errorf("%s is %d, promised %s", p.name, p.value, p.bound))
		}
	}
	return errors.Join(errs...)
}

func (r report) table(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\nCOMMIT\tOF\tNOTICED\tBUILT\tTESTED\tPUSHED\tCANDIDATE\tSWITCHED\tSERVES\tRELEASE")
	for _, a := range r.Ways {
		fmt.Fprintf(w, "%s\t%s", a.Name, a.Source)
		for _, at := range []time.Time{a.Noticed, a.Built, a.Tested, a.Stored, a.Cut, a.Switched, a.Confirmed} {
			fmt.Fprintf(w, "\t%s", seconds(a.took(at)))
		}
		fmt.Fprintf(w, "\t%s\n", a.outcome())
	}
	fmt.Fprintln(w, "\nFIGURE\tMEASURED\tPROMISED\tHELD")
	for _, p := range r.promises() {
		fmt.Fprintf(w, "%s\t%d\t%s\t%t\n", p.name, p.value, p.bound, p.held)
	}
	_ = w.Flush()
	for _, example := range r.Examples {
		fmt.Fprintln(out, " ", example)
	}
}

// outcome is the release, or why there is none.
func (a act) outcome() string {
	switch {
	case a.Failed != nil:
		return fmt.Sprintf("%s after %s", a.Failed.Reason, seconds(a.took(a.Refused)))
	case a.Release == "":
		return "none: the image is the same"
	}
	return a.Release
}

// seconds prints a duration as people read it; nothing for none.
func seconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}

// telling is the line of a step's output that says what is wrong: of Go's and Node's tests, else the last.
func telling(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, sign := range []string{"_test.go:", "--- FAIL", "not ok"} {
		for _, line := range lines {
			if strings.Contains(line, sign) {
				return strings.TrimSpace(line)
			}
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
