package plan

import (
	"maps"
	"slices"
	"strings"
)

// FailedJob is a Job that failed and that Kubernetes deletes by itself (ttlSecondsAfterFinished, which somebody's policy put on it).
// A Job that is gone is how people ask for another try, so the failure is kept on the record of the release: else a
// check would run until it passes.
type FailedJob struct {
	Name, UID string
	// Retried: somebody asked for another try. It stays on record, since an old view may show the Job once more.
	Retried bool
}

const retried = "retried"

// ParseFailedJobs reads <name>/<UID> or <name>/<UID>/retried, separated by blanks. What it cannot read it leaves out.
func ParseFailedJobs(text string) (out []FailedJob) {
	for word := range strings.FieldsSeq(text) {
		switch parts := strings.Split(word, "/"); {
		case len(parts) == 2:
			out = append(out, FailedJob{Name: parts[0], UID: parts[1]})
		case len(parts) == 3 && parts[2] == retried:
			out = append(out, FailedJob{parts[0], parts[1], true})
		}
	}
	return out
}

// FormatFailedJobs writes what ParseFailedJobs reads.
func FormatFailedJobs(all []FailedJob) string {
	words := make([]string, len(all))
	for i, f := range all {
		if words[i] = f.Name + "/" + f.UID; f.Retried {
			words[i] += "/" + retried
		}
	}
	return strings.Join(words, " ")
}

// failedJobs is what has to be on the record of the candidate, sorted by name.
func (p *planner) failedJobs() []FailedJob {
	r, known := p.o.release(p.d.Candidate)
	if !known {
		return nil
	}
	byName := map[string]FailedJob{}
	for _, f := range r.FailedJobs {
		f.Retried = f.Retried || slices.Contains(p.d.Rerun, f.Name)
		byName[f.Name] = f
	}
	for _, jobs := range []map[string]Job{p.o.Migrations[r.Name], p.o.Checks[r.Name]} {
		for _, job := range jobs {
			if job.State == JobFailed && job.Swept && byName[job.Name].UID != job.UID {
				byName[job.Name] = FailedJob{Name: job.Name, UID: job.UID}
			}
		}
	}
	for _, job := range p.rerunJobs {
		if job.Swept {
			byName[job.Name] = FailedJob{job.Name, job.UID, true}
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b FailedJob) int { return strings.Compare(a.Name, b.Name) })
}
