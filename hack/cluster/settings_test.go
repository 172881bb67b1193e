package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSettingsThatAreTheSameRestartNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node1", "containerd.toml")
	for _, c := range []struct {
		text    string
		changed bool
	}{{"a", true}, {"a", false}, {"b", true}, {"b", false}} {
		changed, err := writeChanged(path, c.text)
		if got, _ := os.ReadFile(path); err != nil || changed != c.changed || string(got) != c.text {
			t.Errorf("writing %q: changed %t, %v, the file says %q", c.text, changed, err, got)
		}
	}
}
