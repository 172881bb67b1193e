// Package owner keeps the record of whose cluster this machine runs, and decides what that means for the next one.
package owner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// Record tells whose cluster runs here. It is written before the first process starts and after each one.
type Record struct {
	// State is the state folder of the checkout that owns the cluster.
	State string `json:"state"`
	// Nodes is how many nodes it has; 0 means 1, as records of before had it.
	Nodes int `json:"nodes,omitempty"`
	// Complete says that the cluster was once up entirely.
	Complete  bool              `json:"complete"`
	Processes []process.Process `json:"processes"`
	// Specs tell how each process was started, so that it can be started again.
	Specs []process.Spec `json:"specs,omitempty"`
}

// Process finds a recorded process by its name.
func (r Record) Process(name string) (process.Process, bool) {
	at := slices.IndexFunc(r.Processes, func(p process.Process) bool { return p.Name == name })
	if at < 0 {
		return process.Process{}, false
	}
	return r.Processes[at], true
}

// Spec finds how a process was started.
func (r Record) Spec(name string) (process.Spec, bool) {
	at := slices.IndexFunc(r.Specs, func(s process.Spec) bool { return s.Name == name })
	if at < 0 {
		return process.Spec{}, false
	}
	return r.Specs[at], true
}

// Remember records a process that was started; one of the same name from before is forgotten.
func (r *Record) Remember(started process.Process, spec process.Spec) {
	r.Processes = slices.DeleteFunc(r.Processes, func(p process.Process) bool { return p.Name == started.Name })
	r.Specs = slices.DeleteFunc(r.Specs, func(s process.Spec) bool { return s.Name == spec.Name })
	r.Processes, r.Specs = append(r.Processes, started), append(r.Specs, spec)
}

// Alive and Dead name the recorded processes by whether they still run.
func (r Record) Alive() (names []string) { return r.named(true) }

// Dead names the recorded processes that have ended.
func (r Record) Dead() (names []string) { return r.named(false) }

func (r Record) named(alive bool) (names []string) {
	for _, p := range r.Processes {
		if p.Alive() == alive {
			names = append(names, p.Name)
		}
	}
	return names
}

// Read returns the record, or nil when there is none.
func Read(path string) (*Record, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading whose cluster runs: %w", err)
	}
	record := &Record{}
	if err := json.Unmarshal(text, record); err != nil {
		return nil, fmt.Errorf("reading whose cluster runs from %s: %w", path, err)
	}
	return record, nil
}

// Write replaces the record in one step, so that no reader ever sees half of it.
func (r Record) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path+".new", append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("writing whose cluster runs: %w", err)
	}
	return nil
}
