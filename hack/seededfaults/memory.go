package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// memory is what turned red in earlier runs, by the ID of the fault.
type memory struct {
	path string
	Seen map[string]seen
}

type seen struct{ Key, By string }

// recall reads it; without a file, or where all shall be tried again, it is empty.
func recall(path string, again bool) *memory {
	m := &memory{path: path, Seen: map[string]seen{}}
	raw, err := os.ReadFile(path)
	if err != nil || again {
		return m
	}
	if json.Unmarshal(raw, m) != nil || m.Seen == nil {
		m.Seen = map[string]seen{}
	}
	return m
}

// keep writes it after each fault, so that a run that is broken off loses one at most.
func (m *memory) keep(id, key, by string) error {
	m.Seen[id] = seen{key, by}
	raw, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(m.path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(m.path, raw, 0o644)
	}
	if err != nil {
		return fmt.Errorf("remembering what turned red: %w", err)
	}
	return nil
}
