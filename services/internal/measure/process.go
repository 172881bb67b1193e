// Package measure is what benchmarks of processes share: the CPU time that a
// process used, the machine, and how figures are told.
package measure

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Machine says what the figures were measured on.
func Machine() string {
	model := "an unknown processor"
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(cpuinfo)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(name, "model name") {
			model = strings.TrimSpace(value)
			break
		}
	}
	load, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	return fmt.Sprintf("%d × %s, %s, load %s", runtime.NumCPU(), model, runtime.Version(), load)
}

// CPU is the time that a process and all below it have used, in user and kernel mode.
func CPU(pid int) (total time.Duration, err error) {
	const tick = time.Second / 100 // USER_HZ is 100 on every Linux that Go runs on
	stat := read(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("process %d is gone", pid)
	}
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n) * tick
	}
	for _, child := range children(pid) {
		more, err := CPU(child)
		if err != nil {
			return 0, err
		}
		total += more
	}
	return total, nil
}

func children(pid int) (all []int) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, path := range threads {
		for text := range strings.FieldsSeq(read(path)) {
			if child, err := strconv.Atoi(text); err == nil && !slices.Contains(all, child) {
				all = append(all, child)
			}
		}
	}
	return all
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}
