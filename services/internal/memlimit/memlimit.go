// Package memlimit tells the Go runtime how much memory its container has: near the
// limit it then collects more often, and the kernel does not end the process for garbage.
package memlimit

import (
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// Variable may name the container's limit in bytes, by the downward API; without it the
	// control group is asked.
	Variable = "MEMORY_LIMIT"
	// percent of the container's limit is the runtime's soft limit. The rest is for what it
	// does not count: the program itself, and memory of the kernel for sockets.
	percent = 80
	// boundless is the least number that means "no limit" in a control group of version 1.
	boundless = math.MaxInt64 / 2
)

// groupFiles say the limit in control groups of version 2 and 1.
var groupFiles = []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"}

// Set sets the soft limit of this process. What GOMEMLIMIT says goes first.
func Set() { set(os.LookupEnv, os.DirFS("/")) }

func set(lookup func(string) (string, bool), root fs.FS) {
	if own, _ := lookup("GOMEMLIMIT"); own != "" {
		return
	}
	if limit := soft(lookup, root); limit > 0 {
		debug.SetMemoryLimit(limit)
	}
}

// soft returns what the Go runtime should keep to, in bytes; 0: the container has no
// limit. root is the file system's.
func soft(lookup func(string) (string, bool), root fs.FS) int64 {
	if text, ok := lookup(Variable); ok {
		if limit := parse(text); limit > 0 {
			return limit / 100 * percent
		}
	}
	for _, name := range groupFiles {
		if text, err := fs.ReadFile(root, name); err == nil {
			return parse(string(text)) / 100 * percent
		}
	}
	return 0
}

func parse(text string) int64 {
	limit, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || limit < 0 || limit >= boundless { // "max"
		return 0
	}
	return limit
}
