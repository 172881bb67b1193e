package services_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/hack/services"
)

// TestEveryServiceIsTestedByItsDockerfile: also those that are in no sample, such as the front door.
func TestEveryServiceIsTestedByItsDockerfile(t *testing.T) {
	found, err := filepath.Glob("../../services/*/Dockerfile")
	if err != nil || len(found) < 17 {
		t.Fatalf("only %d Dockerfiles are found: %v", len(found), err)
	}
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Dir(file)
		if err := services.CheckDockerfile(filepath.Base(folder), text); err != nil {
			t.Error(err)
		}
		if !hasTests(t, folder) {
			t.Errorf("%s has no tests: its stage passes whatever is in it", folder)
		}
	}
}

// hasTests looks for a file of tests: of none, go test and node --test say that all is well.
func hasTests(t *testing.T, folder string) (has bool) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		has = has || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".test.js") ||
			strings.HasPrefix(filepath.Base(path), "test_") && strings.HasSuffix(path, ".py") || strings.HasSuffix(path, "Test.java")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return has
}

// right is a Dockerfile with nothing wrong in it.
const right = `FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build go build -o /out/gifts ./services/gifts/cmd

FROM golang:1.26 AS test
COPY . .
ARG TEST_DATABASE_URL
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    packages=$(go list -deps ./services/gifts/... | grep ^example.org/) \
 && go vet $packages && go test $packages

FROM scratch
COPY --from=build /out/gifts /gifts
ENTRYPOINT ["/gifts"]
`

const inNode = `FROM node:20 AS modules
RUN npm ci
FROM modules AS test
RUN npm test
FROM node:20
COPY --from=modules /app/node_modules node_modules
`

func TestADockerfileThatTestsItsServiceIsTaken(t *testing.T) {
	for name, text := range map[string]string{"Go": right, "Node": inNode, "Python": strings.Replace(inNode, "npm test", "python -m pytest -q", 1),
		"Java": strings.Replace(inNode, "npm test", "java -cp tests:gifts.jar test.Run", 1)} {
		if err := services.CheckDockerfile("gifts", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADockerfileThatDoesNotTestItsServiceIsRefusedWithTheWayOut(t *testing.T) {
	for name, c := range map[string]struct{ text, old, new, want string }{
		"no stage":                      {right, "AS test", "AS tests", `there is no stage "test": add FROM … AS test, which runs the tests of services/gifts`},
		"the image is the stage":        {right, "FROM scratch", "FROM test", `the image is made from stage "test"`},
		"the image copies from it":      {right, "--from=build", "--from=test", `the image is made from stage "test"`},
		"the image mounts it":           {inNode, "COPY --from=modules", "RUN --mount=type=bind,from=test,target=/t true\nCOPY --from=modules", `the image is made from stage "test"`},
		"another service's tests":       {right, "./services/gifts/...", "./services/cart/...", `stage "test" runs no tests of services/gifts`},
		"half of the tests":             {right, "./services/gifts/...", "./services/gifts", "runs no tests of services/gifts"},
		"no tests":                      {right, "go test $packages", "true", "runs no tests of services/gifts"},
		"no vet":                        {right, "go vet $packages && ", "", "RUN go vet and go test"},
		"no tests in Node":              {inNode, "RUN npm test", "RUN npm run lint", "runs no tests of services/gifts"},
		"tests of Node while modules":   {strings.Replace(inNode, "RUN npm ci", "RUN npm ci && npm test", 1), "RUN npm test\n", "RUN true\n", "runs no tests of services/gifts"},
		"a failure that is lost":        {right, "go test $packages", "go test $packages || true", `stage "test" loses the failure of its tests`},
		"one that is lost in a pipe":    {right, "go test $packages", "go test $packages | tee /log", "loses the failure"},
		"one that is lost by a second":  {inNode, "npm test", "npm test; echo done", "loses the failure"},
		"a version":                     {right, "ENTRYPOINT", "ARG VERSION=dev\nENTRYPOINT", "the image takes the argument VERSION"},
		"a version in the program":      {right, "WORKDIR /src", "ARG COMMIT", "the image takes the argument COMMIT"},
		"modules that are fetched anew": {right, "--mount=type=cache,target=/go/pkg/mod ", "", "line 4 compiles everything anew each time: add --mount=type=cache,target=/go/pkg/mod"},
		"a build that is done anew":     {right, "--mount=type=cache,target=/root/.cache/go-build", "", "add --mount=type=cache,target=/root/.cache/go-build"},
		"a cache that is none":          {right, "type=cache,target=/go/pkg/mod", "type=tmpfs,target=/go/pkg/mod", "add --mount=type=cache,target=/go/pkg/mod"},
		"no Dockerfile":                 {right, "FROM golang", "FRUM golang", "reading services/gifts/Dockerfile: dockerfile parse error on line 1"},
	} {
		text := strings.ReplaceAll(c.text, c.old, c.new)
		if text == c.text {
			t.Errorf("%s: the test changes nothing", name)
		}
		err := services.CheckDockerfile("gifts", []byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "services/gifts/Dockerfile: ") {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}
