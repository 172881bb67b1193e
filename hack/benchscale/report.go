package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/emporium-shop/emporium/hack/internal/figures"
)

// row is what a phase took.
type row struct {
	Phase string  `json:"phase"`
	Shops int     `json:"shops"`
	Load  float64 `json:"load"`
	// Seconds until all was done; FirstTenth and Half until so many of the shops were.
	Seconds    float64 `json:"seconds"`
	FirstTenth float64 `json:"firstTenthSeconds,omitempty"`
	Half       float64 `json:"halfSeconds,omitempty"`
	// WayBack is how long one shop's way back took in the midst of it.
	WayBack float64 `json:"wayBackSeconds,omitempty"`
	// Operator is what the operator did meanwhile, P50 and P99 how long its passes took.
	Operator figures.Operator `json:"operator"`
	P50      float64          `json:"passP50Seconds"`
	P99      float64          `json:"passP99Seconds"`
	// Peak is the most memory that the operator ever held, in megabytes.
	Peak int `json:"peakMegabytes"`
	// Server is the CPU time of the API server, with what actor and lab asked of it.
	Server float64 `json:"apiServerCPUSeconds"`

	// Asked is what the operator asked the API server, by verb and resource, where that is counted.
	Asked map[string]int `json:"asked,omitempty"`

	operatorBefore figures.Operator
	serverBefore   float64
	auditBefore    int64
}

func (l *lab) begin(ctx context.Context, phase string, shops int) (row, time.Time, error) {
	r := row{Phase: phase, Shops: shops, Load: loadAverage(), auditBefore: l.server.audit.size()}
	var err error
	if r.serverBefore, err = l.server.cpu(ctx); err != nil {
		return r, time.Time{}, err
	}
	r.operatorBefore, err = l.operators.read(ctx)
	return r, time.Now(), err
}

// end completes a row; switched says when each of several shops was done.
func (l *lab) end(ctx context.Context, r row, begun time.Time, switched []time.Time) (row, error) {
	r.Seconds = time.Since(begun).Seconds()
	if n := len(switched); n > 0 {
		r.Seconds = switched[n-1].Sub(begun).Seconds()
		r.FirstTenth, r.Half = switched[(n-1)/10].Sub(begun).Seconds(), switched[(n-1)/2].Sub(begun).Seconds()
	}
	now, err := l.operators.read(ctx)
	if err != nil {
		return r, err
	}
	r.Operator = now.Since(r.operatorBefore)
	r.P50, r.P99, r.Peak = r.Operator.Quantile(0.5), r.Operator.Quantile(0.99), l.operators.peak()
	if r.Asked, err = l.server.audit.since(r.auditBefore); err != nil {
		return r, err
	}
	cpu, err := l.server.cpu(ctx)
	r.Server = cpu - r.serverBefore
	return r, err
}

// loadAverage of the last minute: times read while the machine is full say little.
func loadAverage() float64 {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(data), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

// series is the rows of one operator with one number of shops.
type series struct {
	Operator string `json:"operator"`
	Shops    int    `json:"shops"`
	Secrets  bool   `json:"secretPerService"`
	// Together: all shops are in one namespace. Operators share them otherwise; 0 is one.
	Together  bool  `json:"together,omitempty"`
	Operators int   `json:"operators,omitempty"`
	Rows      []row `json:"rows"`
}

func (s series) title() string {
	with := "no Secrets"
	if s.Secrets {
		with = "a Secret for each service"
	}
	if s.Together {
		with += ", all in one namespace"
	}
	if s.Operators > 1 {
		with += fmt.Sprintf(", %d operators", s.Operators)
	}
	return fmt.Sprintf("%s, %d shops x %d services, %s", s.Operator, s.Shops, services, with)
}

// print writes the rows as a table that Markdown takes.
func (s series) print(out io.Writer) {
	fmt.Fprintf(out, "\n### %s\n", s.title())
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	head := []string{"", "load", "s", "first tenth, half", "way back", "requests", "a shop", "writes", "passes", "p50 / p99 ms", "CPU s", "RSS / peak / heap MB", "API server CPU s"}
	fmt.Fprintf(w, "| %s\t|\n|%s\t|\n", strings.Join(head, "\t| "), strings.Repeat("---\t|", len(head)-1)+"---")
	for _, r := range s.Rows {
		fmt.Fprintf(w, "| %s\t| %.1f\t| %.1f\t| %s\t| %s\t| %d\t| %s\t| %d\t| %d\t| %.0f / %.0f\t| %.2f\t| %d / %d / %d\t| %.1f\t|\n", r.Phase, r.Load, r.Seconds, r.shares(), r.urgent(),
			r.Operator.AllRequests(), r.aShop(), r.Operator.AllWrites(), r.Operator.Passes, 1000*r.P50, 1000*r.P99, r.Operator.CPU,
			r.Operator.Resident, r.Peak, r.Operator.Heap, r.Server)
	}
	_ = w.Flush()
}

// printAsked tells each kind of request of the rows in which they were counted, a column each, the most frequent of all first.
func (s series) printAsked(out io.Writer) {
	rows := slices.DeleteFunc(slices.Clone(s.Rows), func(r row) bool { return len(r.Asked) == 0 })
	sum := map[string]int{}
	for _, r := range rows {
		for what, n := range r.Asked {
			sum[what] += n
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cell func(row) any, what string) {
		for _, r := range rows {
			fmt.Fprintf(w, "%v\t", cell(r))
		}
		fmt.Fprintf(w, "  %s\n", what)
	}
	line(func(r row) any { return strings.TrimSpace(r.Phase) }, "")
	for _, what := range slices.SortedFunc(maps.Keys(sum), func(a, b string) int { return cmp.Or(sum[b]-sum[a], cmp.Compare(a, b)) }) {
		line(func(r row) any { return r.Asked[what] }, what)
	}
	line(func(r row) any { return figures.Total(r.Asked) }, "in all")
	_ = w.Flush()
}

func (r row) shares() string {
	if r.Half == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f, %.1f", r.FirstTenth, r.Half)
}

func (r row) urgent() string {
	if r.WayBack == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", r.WayBack)
}

func (r row) aShop() string {
	if r.Half == 0 { // only where each shop did something
		return ""
	}
	return strconv.Itoa(r.Operator.AllRequests() / r.Shops)
}

func write(file string, all []series) error {
	data, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o644) //nolint:gosec // figures, for everybody
	}
	if err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return nil
}
