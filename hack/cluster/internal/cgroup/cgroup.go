// Package cgroup makes the nodes' places in every controller of the machine, and removes them. It knows both versions of cgroups.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

const root = "/sys/fs/cgroup"

// Make creates a node's place; the kubelet does not do that itself.
func Make(node layout.Node) error {
	for _, controller := range controllers() {
		if err := makeBelow(controller, node.Cgroup()); err != nil {
			return fmt.Errorf("making the cgroup of %s in %s: %w", node.Name, controller, err)
		}
	}
	return nil
}

// makeBelow creates each level in turn: a level must hand down to the next what it has.
func makeBelow(controller, path string) error {
	at := controller
	for _, part := range strings.Split(path, "/") {
		if err := delegate(at); err != nil {
			return err
		}
		next := filepath.Join(at, part)
		if err := os.Mkdir(next, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := inherit(at, next); err != nil {
			return err
		}
		if err := weigh(next); err != nil {
			return err
		}
		at = next
	}
	return delegate(at)
}

// inherit copies the processors and memory banks down: in version 1 a new cpuset has none and takes no process.
func inherit(from, to string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if unified() || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// weight is what all pods together weigh against one process of the machine, which weighs 1024. The default, 1024 too, starves
// every pod while a build or the cluster's own parts are busy: a database then answers too late, as on no real node.
const weight = "16384"

// weigh gives a level its share of the processors. Version 2 has no such file; there the machine's processes sit in groups of
// their own, and the default is fair.
func weigh(at string) error {
	err := os.WriteFile(filepath.Join(at, "cpu.shares"), []byte(weight), 0o644)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) && !hasShares(at) {
		return nil
	}
	return err
}

func hasShares(at string) bool {
	_, err := os.Stat(filepath.Join(at, "cpu.shares"))
	return err == nil
}

// delegate lets the level below use all controllers, which version 2 asks for.
func delegate(at string) error {
	if !unified() {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(at, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(string(text)) {
		if err := os.WriteFile(filepath.Join(at, "cgroup.subtree_control"), []byte("+"+name), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// unified says that the machine has version 2 only.
func unified() bool {
	_, err := os.Stat(filepath.Join(root, "cgroup.controllers"))
	return err == nil
}

func controllers() []string {
	if unified() {
		return []string{root}
	}
	folders, _ := filepath.Glob(filepath.Join(root, "*", "cgroup.procs"))
	for i := range folders {
		folders[i] = filepath.Dir(folders[i])
	}
	return folders
}

// Remains lists the cgroups of every cluster on this machine, the innermost first.
func Remains() []string { return below(layout.CgroupRoot) }

func below(place string) (found []string) {
	for _, controller := range controllers() {
		_ = filepath.WalkDir(filepath.Join(controller, place), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				found = append(found, path)
			}
			return nil
		})
	}
	slices.Reverse(found)
	return found
}

// Members lists the processes in those cgroups.
func Members() []int { return members(Remains()) }

// MembersOf lists the processes in a node's cgroups.
func MembersOf(node layout.Node) []int { return members(below(node.Cgroup())) }

func members(paths []string) (pids []int) {
	for _, path := range paths {
		text, _ := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		for _, line := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(line); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// Clear removes them. Their processes must have ended before.
func Clear() error {
	for _, path := range Remains() {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing cgroup %s: %w", path, err)
		}
	}
	return nil
}
