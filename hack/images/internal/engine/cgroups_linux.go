package engine

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// cgroup is the parent of the groups in which RUN runs.
const cgroup = "emporium-buildkit"

// sweepCgroups removes the groups that BuildKit leaves. One that holds a process stays, as the kernel does not remove it.
func sweepCgroups() {
	for _, pattern := range []string{"/sys/fs/cgroup/" + cgroup, "/sys/fs/cgroup/*/" + cgroup} {
		roots, _ := filepath.Glob(pattern) // the pattern is a good one
		for _, root := range roots {
			var folders []string
			_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			for _, folder := range slices.Backward(folders) {
				_ = os.Remove(folder)
			}
		}
	}
}
