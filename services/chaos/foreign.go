package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/shop"
)

// foreign is a service that is not in Go, as this machine can start it.
type foreign struct {
	name string
	// program is what is started, with the arguments before the command: serve, work, migrate.
	program []string
	// Schema is the one that it owns, and Migrate and Seed are the commands that fill it: what its conform.json says.
	Schema        string
	Migrate, Seed []string
}

// member is the service among those of the shop. It has no code here: New is nil.
func (f foreign) member(paths []string) shop.Member {
	return shop.Member{Service: app.Service{Name: f.name, Schema: postgres.Schema{Name: f.Schema}}, Paths: paths}
}

// abroad finds the services that are not in Go, and says which are left out, and why.
func abroad(ctx context.Context) (found map[string]foreign, leftOut []string, err error) {
	found = map[string]foreign{}
	for _, m := range shop.Foreign() {
		f, why, err := findForeign(ctx, m.Name)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("finding %s: %w", m.Name, err)
		case why != "":
			leftOut = append(leftOut, m.Name+": "+why)
		default:
			found[m.Name] = f
		}
	}
	return found, leftOut, nil
}

// findForeign looks at what a service is written in, as hack/conform.sh does; why says what this machine lacks for it.
func findForeign(ctx context.Context, name string) (f foreign, why string, err error) {
	folder, err := filepath.Abs(filepath.Join("services", name))
	if err != nil {
		return f, "", err
	}
	f.name = name
	text, err := os.ReadFile(filepath.Join(folder, "conform.json"))
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		return f, "", fmt.Errorf("reading what it owns: %w", err)
	}
	there := func(file string) bool { _, err := os.Stat(filepath.Join(folder, "src", file)); return err == nil }
	switch {
	case there("main.js"):
		f.program, why = inNode(ctx, folder)
	case there("main.py"):
		f.program, why = []string{"/usr/bin/python3", filepath.Join(folder, "src", "main.py")}, lacks(ctx, "hack/pythontest.sh", "missing")
	case there(filepath.Join(name, "Main.java")):
		f.program, why = inJava(ctx, name, folder)
	default:
		err = errors.New("nobody knows how it is started")
	}
	return f, why, err
}

// inNode starts a service in Node, with the packages of its lock file.
func inNode(ctx context.Context, folder string) (program []string, why string) {
	if why = lacks(ctx, "hack/nodetest.sh", "missing"); why != "" {
		return nil, why
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		if said, err := exec.CommandContext(ctx, "npm", "--prefix", folder, "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--silent").CombinedOutput(); err != nil {
			return nil, fmt.Sprintf("npm ci failed: %v %s", err, said)
		}
	}
	return []string{"node", filepath.Join(folder, "src", "main.js")}, ""
}

// inJava starts a service in Java, which is compiled before.
func inJava(ctx context.Context, name, folder string) (program []string, why string) {
	if why = lacks(ctx, "hack/javatest.sh", "missing"); why != "" {
		return nil, why
	}
	if said, err := exec.CommandContext(ctx, "hack/javatest.sh", "build", name).CombinedOutput(); err != nil {
		return nil, fmt.Sprintf("compiling it failed: %v %s", err, said)
	}
	classes, err := filepath.Abs(filepath.Join("bin", "java", name))
	if err != nil {
		return nil, err.Error()
	}
	return []string{"java", "@" + filepath.Join(folder, "java.options"), "-Dshop.folder=" + folder, "-cp", classes + ":/usr/share/java/postgresql.jar", name + ".Main"}, ""
}

// lacks is what a script of hack/ says of this machine; empty: it lacks nothing.
func lacks(ctx context.Context, script ...string) string {
	said, err := exec.CommandContext(ctx, script[0], script[1:]...).CombinedOutput() //nolint:gosec // a script of this repository
	if err != nil {
		return fmt.Sprintf("%s: %v %s", script[0], err, said)
	}
	return strings.TrimSpace(string(said))
}

// fillForeign makes the data of the services that are not in Go: by their own commands, in the environment that they serve in.
func (w *world) fillForeign(ctx context.Context, s *stack) error {
	for _, p := range s.services {
		f, is := w.foreign[p.program]
		if !is {
			continue
		}
		for _, command := range [][]string{f.Migrate, f.Seed} {
			if len(command) == 0 {
				continue
			}
			args := append(append([]string{}, f.program[1:]...), command...)
			run := exec.CommandContext(ctx, f.program[0], args...) //nolint:gosec // a service of this repository
			run.Env, run.Dir = p.env, w.dir
			if said, err := run.CombinedOutput(); err != nil {
				return fmt.Errorf("%s %s: %w: %s", p.program, strings.Join(command, " "), err, said)
			}
		}
	}
	return nil
}
