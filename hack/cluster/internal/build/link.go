package build

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Link puts every binary of the cache folder into bin: as a hard link, or as a copy where the cache is on another disk.
func Link(folder, bin string) error {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", bin, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("listing binaries: %w", err)
	}
	for _, entry := range entries {
		if err := place(filepath.Join(folder, entry.Name()), filepath.Join(bin, entry.Name())); err != nil {
			return fmt.Errorf("linking %s: %w", entry.Name(), err)
		}
	}
	return nil
}

// place renames over what is there: a binary that runs cannot be written to, only replaced.
func place(source, target string) error {
	if same(source, target) {
		return nil
	}
	fresh := target + ".new"
	_ = os.Remove(fresh)
	if os.Link(source, fresh) != nil {
		if err := copyFile(source, fresh); err != nil {
			return err
		}
	}
	return os.Rename(fresh, target)
}

// same also knows a copy: it has the time of its source.
func same(source, target string) bool {
	from, err := os.Stat(source)
	if err != nil {
		return false
	}
	to, err := os.Stat(target)
	return err == nil && (os.SameFile(from, to) || (from.Size() == to.Size() && from.ModTime().Equal(to.ModTime())))
}

func copyFile(source, target string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	info, err := from.Stat()
	if err != nil {
		return err
	}
	return os.Chtimes(target, info.ModTime(), info.ModTime())
}
