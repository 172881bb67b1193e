package services

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/emporium-shop/emporium/hack/internal/dockerfile"
)

// TestStage is the stage of a service's Dockerfile that tests it. docker build --target test, hack/images -stage test and a
// ShopSource ask for it by this name, since BuildKit builds no stage by itself that the image does not need.
const TestStage = "test"

// runners are the commands that run tests. That of Go has the service's folder among its words, since its context is the whole
// checkout; the others run in the service's own folder.
var runners = regexp.MustCompile(`\b(npm (run )?test|node --test|pytest|python3? -m (unittest|pytest)|java .* test\.Run|phpunit|composer test)\b`)

// goCaches are where Go keeps modules and what it compiled. Without them every commit compiles everything.
var goCaches = []string{"/go/pkg/mod", "/root/.cache/go-build"}

// CheckDockerfile says what is wrong with the Dockerfile of a service: it must have a stage that tests the service, and an image
// that is made without that stage and holds nothing of the commit.
func CheckDockerfile(service string, text []byte) error {
	name := "services/" + service + "/Dockerfile"
	f, err := dockerfile.Parse(name, text)
	if err != nil {
		return err
	}
	errs := []error{tested(f, service), untold(f)}
	for i := range f.Stages {
		errs = append(errs, cached(&f.Stages[i]))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// tested says what keeps the stage test from testing the service.
func tested(f dockerfile.File, service string) error {
	test := f.Find(TestStage)
	if test < 0 {
		return fmt.Errorf("there is no stage %q: add FROM … AS %s, which runs the tests of services/%s", TestStage, TestStage, service)
	}
	if f.Needs(f.Last())[test] {
		return fmt.Errorf("the image is made from stage %q: nothing can be built before the tests ran; let the last stage do without it", TestStage)
	}
	for _, line := range runs(&f.Stages[test]) {
		if rest, runs := afterTests(line, service); runs && strings.ContainsAny(rest, "|;&") {
			return fmt.Errorf("stage %q loses the failure of its tests: let them be the last command of RUN %s", TestStage, line)
		} else if runs {
			return nil
		}
	}
	return fmt.Errorf("stage %q runs no tests of services/%s: RUN go vet and go test with ./services/%s/..., or npm test", TestStage, service, service)
}

// afterTests is what comes in a line after its last command that runs the tests of the service.
func afterTests(line, service string) (rest string, runs bool) {
	if found := runners.FindAllStringIndex(line, -1); len(found) > 0 {
		return line[found[len(found)-1][1]:], true
	}
	at := strings.LastIndex(line, "go test ")
	if at < 0 || !strings.Contains(line[:at], "go vet ") || !strings.Contains(line, "./services/"+service+"/...") {
		return "", false
	}
	return line[at:], true
}

// untold says which argument would make the image of each commit another one.
func untold(f dockerfile.File) error {
	for at := range f.Needs(f.Last()) {
		for _, command := range f.Stages[at].Commands {
			if arg, is := command.(*instructions.ArgCommand); is {
				return fmt.Errorf("the image takes the argument %s: what does not change must stay the same image, whatever the commit; "+
					"the operator tells a pod its release", arg.Args[0].Key)
			}
		}
	}
	return nil
}

// cached says which line compiles Go anew each time.
func cached(stage *instructions.Stage) error {
	for _, command := range stage.Commands {
		run, is := command.(*instructions.RunCommand)
		if !is || !strings.Contains(strings.Join(run.CmdLine, " "), "go build") && !strings.Contains(strings.Join(run.CmdLine, " "), "go test") {
			continue
		}
		var targets []string
		_ = run.Expand(func(word string) (string, error) { return word, nil }) // only this makes the parser read the mounts
		for _, mount := range instructions.GetMounts(run) {
			if mount.Type == instructions.MountTypeCache {
				targets = append(targets, mount.Target)
			}
		}
		for _, cache := range goCaches {
			if !slices.Contains(targets, cache) {
				return fmt.Errorf("line %d compiles everything anew each time: add --mount=type=cache,target=%s", run.Location()[0].Start.Line, cache)
			}
		}
	}
	return nil
}

// runs are the command lines of a stage.
func runs(stage *instructions.Stage) (lines []string) {
	for _, command := range stage.Commands {
		if run, is := command.(*instructions.RunCommand); is {
			lines = append(lines, strings.Join(run.CmdLine, " "))
		}
	}
	return lines
}
