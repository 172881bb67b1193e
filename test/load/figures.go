package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Quantiles of some latencies, in milliseconds. The p99 of few is their longest.
type Quantiles struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
}

// Figures are what a run of visits took.
type Figures struct {
	Seconds         float64 `json:"seconds"`
	Requests        int     `json:"requests"`
	RequestsPerSec  float64 `json:"requestsPerSecond"`
	OrdersPerSecond float64 `json:"ordersPerSecond"`
	Failed          int     `json:"failed"`
	// Failures are counted by step and what went wrong: "order: status 503".
	Failures map[string]int `json:"failures"`
	// Refused purchases are counted by what the shop said: sold-out.
	Refused map[string]int `json:"refused"`
	// PerSecond is how many of each step were answered well, a second.
	PerSecond map[string]float64 `json:"perSecond"`
	// Latency is by step. Of an order it is until the customer knows what became of it; purchase is from when the visit was due.
	Latency map[string]Quantiles `json:"latencyMillis"`
}

// Measure makes figures of what was recorded.
func Measure(records []Record, purchases []Purchase) Figures {
	f := Figures{Requests: len(records), Failures: map[string]int{}, Refused: map[string]int{}, PerSecond: map[string]float64{}, Latency: map[string]Quantiles{}}
	took, well := map[string][]time.Duration{}, map[string]int{}
	for _, r := range records {
		if why := failed(r); why != "" {
			f.Failed++
			f.Failures[orElse(r.Kind, "visit")+": "+why]++
		} else if r.Kind != "" && r.Kind != order {
			well[r.Kind]++
		}
		if r.Kind != "" && r.Kind != order {
			took[r.Kind] = append(took[r.Kind], r.Latency())
		}
	}
	for _, p := range purchases {
		switch p.Outcome {
		case Confirmed:
			well[order]++
		case Refused:
			f.Refused[p.Why]++
		case Failed:
			f.Failed++
			f.Failures[order+": "+p.Why]++
		}
		took[order] = append(took[order], p.Done.Sub(p.Sent))
		took["purchase"] = append(took["purchase"], p.Done.Sub(p.Intended))
	}
	for kind, all := range took {
		f.Latency[kind] = quantiles(all)
	}
	f.Seconds = span(records).Seconds()
	f.RequestsPerSec, f.OrdersPerSecond = f.perSecond(f.Requests), f.perSecond(well[order])
	for kind, n := range well {
		f.PerSecond[kind] = f.perSecond(n)
	}
	return f
}

func (f Figures) perSecond(n int) float64 {
	if f.Seconds == 0 {
		return 0
	}
	return float64(n) / f.Seconds
}

// failed says what a customer would miss; empty when all is well. Whether an order may be refused so, its purchase says.
func failed(r Record) string {
	switch {
	case r.Err != nil:
		return reason(r.Err)
	case r.Kind == order && r.Status >= 400 && r.Status < 500 && r.Status != http.StatusTooManyRequests:
		return ""
	case r.Status >= 400:
		return "status " + strconv.Itoa(r.Status)
	}
	return failure(r)
}

// reason is the same for all errors of a kind: without addresses.
func reason(err error) string {
	switch {
	case errors.Is(err, errOverload):
		return errOverload.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection broken"
	}
	return "no connection"
}

// span is from when the first request was due to when the last was answered.
func span(records []Record) time.Duration {
	if len(records) == 0 {
		return 0
	}
	from, to := records[0].Intended, records[0].End
	for _, r := range records {
		if r.Intended.Before(from) {
			from = r.Intended
		}
		if r.End.After(to) {
			to = r.End
		}
	}
	return to.Sub(from)
}

// quantiles are of the nearest rank: a latency that somebody waited for.
func quantiles(all []time.Duration) Quantiles {
	if len(all) == 0 {
		return Quantiles{}
	}
	sorted := slices.Sorted(slices.Values(all))
	at := func(percent int) float64 {
		rank := (percent*len(sorted) + 99) / 100
		return float64(sorted[rank-1].Microseconds()) / 1000
	}
	return Quantiles{len(sorted), at(50), at(95), at(99)}
}
