package frontdoor

import (
	"encoding/json"
	"fmt"
	"time"
)

// A front-door replica owns one Lease, named like its Pod and owned by it, and
// writes these annotations into it as soon as it routes by a new table. The
// Lease's renewTime says when the replica was last alive.
const (
	// AnnotationTableHash holds Hash of the table that the replica routes by.
	AnnotationTableHash = "frontdoor.emporium.dev/table-hash"
	// AnnotationActive holds the release that the replica sends customers to.
	AnnotationActive = "frontdoor.emporium.dev/active"
	// AnnotationSwitch holds Switch.At of that table, RFC 3339 with nanoseconds.
	AnnotationSwitch = "frontdoor.emporium.dev/switch"
	// AnnotationAppliedAt holds when the replica began to route by that switch, by its own clock.
	AnnotationAppliedAt = "frontdoor.emporium.dev/applied-at"
	// AnnotationCounts holds Counts as JSON, while the table's Guard is open.
	AnnotationCounts = "frontdoor.emporium.dev/counts"
)

const (
	// HeaderRelease is set by the front door on every response: the release that it routed the request to.
	HeaderRelease = "X-Shop-Release"
	// HeaderSources is set by every service on every response: a list of
	// service=release pairs, the service itself and all it asked to make the answer.
	HeaderSources = "X-Shop-Sources"
)

// Report is what a front-door replica says of itself.
type Report struct {
	TableHash string
	Active    string
	// Switch is Switch.At of the table; zero when the table has none.
	Switch time.Time
	// AppliedAt is when the replica began to route by Switch.
	AppliedAt time.Time
	// Counts of the active release since Switch; nil where nobody asked.
	Counts *Counts
}

// Annotations returns the report as it is stored in the Lease.
func (r Report) Annotations() map[string]string {
	return map[string]string{
		AnnotationTableHash: r.TableHash,
		AnnotationActive:    r.Active,
		AnnotationSwitch:    stamp(r.Switch),
		AnnotationAppliedAt: stamp(r.AppliedAt),
		AnnotationCounts:    r.Counts.encode(),
	}
}

// ReportFrom reads the report out of a Lease's annotations.
func ReportFrom(annotations map[string]string) (Report, error) {
	r := Report{TableHash: annotations[AnnotationTableHash], Active: annotations[AnnotationActive]}
	var err error
	if r.Switch, err = parseStamp(annotations[AnnotationSwitch]); err != nil {
		return Report{}, fmt.Errorf("reading annotation %s: %w", AnnotationSwitch, err)
	}
	if r.AppliedAt, err = parseStamp(annotations[AnnotationAppliedAt]); err != nil {
		return Report{}, fmt.Errorf("reading annotation %s: %w", AnnotationAppliedAt, err)
	}
	if c := annotations[AnnotationCounts]; c != "" {
		r.Counts = &Counts{}
		if err := json.Unmarshal([]byte(c), r.Counts); err != nil {
			return Report{}, fmt.Errorf("reading annotation %s: %w", AnnotationCounts, err)
		}
	}
	return r, nil
}

// Confirms tells whether the replica routes by this very switch.
func (r Report) Confirms(s *Switch) bool {
	return s != nil && !r.Switch.IsZero() && r.Switch.Equal(s.At)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parseStamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, s)
}
