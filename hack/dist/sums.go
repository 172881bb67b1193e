package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sums writes SHA256SUMS, which sha256sum -c reads.
func sums(folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("adding up %s: %w", folder, err)
	}
	var lines strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return fmt.Errorf("adding up %s: %w", file.Name(), err)
		}
		fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(text), file.Name())
	}
	if err := os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte(lines.String()), 0o644); err != nil {
		return fmt.Errorf("writing SHA256SUMS: %w", err)
	}
	return nil
}
