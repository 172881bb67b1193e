package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestEachSeededFaultCanBePutIn: the list is kept up to date with the source.
func TestEachSeededFaultCanBePutIn(t *testing.T) {
	raw, err := os.ReadFile("faults.json")
	if err != nil {
		t.Fatal(err)
	}
	var faults []Fault
	if err := json.Unmarshal(raw, &faults); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range faults {
		source, err := os.ReadFile(filepath.Join("../..", f.File))
		if err != nil {
			t.Errorf("%s: %v", f.ID, err)
			continue
		}
		if n := bytes.Count(source, []byte(f.Old)); n != 1 {
			t.Errorf("%s: %s holds what shall be replaced %d times", f.ID, f.File, n)
		}
		if f.Test == "" || f.Package == "" || f.Harm == "" || seen[f.ID] {
			t.Errorf("%s: say once what the harm is, and which tests of which package see it", f.ID)
		}
		seen[f.ID] = true
	}
}
