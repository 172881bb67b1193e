package dockerfile

import (
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// Needs finds the stages that one is made from, itself among them, by their number: BuildKit builds only those.
func (f File) Needs(stage int) map[int]bool {
	needed := map[int]bool{}
	open := []int{stage}
	for len(open) > 0 {
		at := open[0]
		open = open[1:]
		if at < 0 || needed[at] {
			continue
		}
		needed[at] = true
		for _, name := range sources(&f.Stages[at]) {
			open = append(open, before(f.Stages[:at], name))
		}
	}
	return needed
}

// sources are the names of what a stage takes from: its base, and what it copies and mounts from.
func sources(stage *instructions.Stage) []string {
	names := []string{stage.BaseName}
	for _, command := range stage.Commands {
		switch c := command.(type) {
		case *instructions.CopyCommand:
			names = append(names, c.From)
		case *instructions.RunCommand:
			// Only this makes the parser read the mounts; a failure is told when the line itself is read.
			_ = c.Expand(func(word string) (string, error) { return word, nil })
			for _, mount := range instructions.GetMounts(c) {
				names = append(names, mount.From)
			}
		}
	}
	return names
}

// before is the number of the last stage of this name or number among the stages, or -1: another image, or none.
func before(stages []instructions.Stage, name string) int {
	if number, err := strconv.Atoi(name); err == nil && number < len(stages) {
		return number
	}
	for i := len(stages) - 1; i >= 0; i-- {
		if name != "" && strings.EqualFold(stages[i].Name, name) {
			return i
		}
	}
	return -1
}
