package engine

import (
	"bytes"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArgumentsNameAllThatDecidesTheImage(t *testing.T) {
	job := Job{Name: "reviews", Context: "/src/services/reviews", Dockerfile: "/src/services/reviews/Dockerfile", Args: map[string]string{"VERSION": "v1", "A": "b"}}
	bases := []base{{"debian:trixie-slim", "/layouts/trixie", "sha256:1234"}}
	got := job.arguments(bases, map[string]string{"npmrc": "/run/npmrc"}, "/out")
	want := []string{
		"build", "--progress=plain", "--frontend=dockerfile.v0", "--opt=cmdline=builtin",
		"--local=context=/src/services/reviews", "--local=dockerfile=/src/services/reviews", "--opt=filename=Dockerfile",
		"--opt=build-arg:SOURCE_DATE_EPOCH=0", "--opt=build-arg:A=b", "--opt=build-arg:VERSION=v1",
		"--oci-layout=base0=/layouts/trixie", "--opt=context:debian:trixie-slim=oci-layout://base0@sha256:1234",
		"--secret=id=npmrc,src=/run/npmrc",
		"--output=type=oci,tar=false,rewrite-timestamp=true,dest=/out",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAStageThatIsOnlyRunKeepsNothing(t *testing.T) {
	got := Job{Target: "test", Anew: true}.arguments(nil, nil, "")
	for _, want := range []string{"--opt=target=test", "--no-cache"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing: %q", want, got)
		}
	}
	for _, arg := range got {
		if strings.HasPrefix(arg, "--output") {
			t.Errorf("%s: the stage is kept", arg)
		}
	}
}

func TestDebianBasesAreFoundInEveryStage(t *testing.T) {
	got, err := basesOf("D", []byte("FROM debian:12-slim AS a\nFROM a AS b\nFROM debian:trixie-slim\nFROM debian:trixie-slim\nFROM debian:sid\nFROM node:20\nFROM scratch\n"), "1.26.8")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"debian:12-slim": "bookworm", "debian:trixie-slim": "trixie"}
	if diff := cmp.Diff(want, got.debian); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGolangIsMadeOfThisMachinesGo where that is the version asked for; another is fetched from its registry.
func TestGolangIsMadeOfThisMachinesGo(t *testing.T) {
	for tag, want := range map[string]bool{
		"golang:1.26": true, "golang:1.26.8": true, "golang:1": true, "golang:1.26-trixie": true, "golang:1.26.8-trixie": true,
		"golang:1.2": false, "golang:1.27": false, "golang:1.26.80": false, "golang:1.26-alpine": false, "golang:1.26-": false, "golang:-trixie": false,
		"golang": false, "golang:latest": false, "golang:1.26-bookworm": false, "example.org/golang:1.26": false,
	} {
		got, err := basesOf("D", []byte("FROM "+tag+" AS build\nFROM "+tag+"\n"), "1.26.8")
		if err != nil {
			t.Fatal(err)
		}
		if is := slices.Contains(got.golang, tag); is != want {
			t.Errorf("%s: made here %t, want %t", tag, is, want)
		}
	}
}

func TestNpmInRunIsToldWherePackagesComeFromAndWhomToTrust(t *testing.T) {
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("one certificate")})
	bundle = append(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("another")})...)
	settings := "registry=https://npm.example/\n@acme:registry = https://acme.example/\n//npm.example/:_authToken=secret\ncafile=/etc/ssl/certs/all\nprefix=/home/me\n"
	got := string(npmrc([]byte(settings), bundle))
	for _, want := range []string{
		"registry=https://npm.example/\n", "@acme:registry = https://acme.example/\n", "//npm.example/:_authToken=secret\n",
		`ca[]="-----BEGIN CERTIFICATE-----\nb25lIGNlcnRpZmljYXRl\n-----END CERTIFICATE-----"` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	if strings.Count(got, "ca[]=") != 2 {
		t.Errorf("not two certificates:\n%s", got)
	}
	// Paths of this machine mean nothing in a container.
	for _, not := range []string{"cafile", "prefix"} {
		if strings.Contains(got, not) {
			t.Errorf("%s is told as well:\n%s", not, got)
		}
	}
}

func TestProgressShowsEachStepOnce(t *testing.T) {
	output := "#1 [internal] load build definition from Dockerfile\n#5 [build 2/3] RUN npm ci\n#5 0.2 added 3 packages\n#5 [build 2/3] RUN npm ci\n#6 [stage-2 1/1] COPY x /x\n#6 DONE 0.1s\n"
	var shown bytes.Buffer
	to := newProgress("reviews", &shown)
	for piece := range slices.Chunk([]byte(output), 7) { // as pipes cut it
		if _, err := to.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	want := "          reviews: [build 2/3] RUN npm ci\n          reviews: [stage-2 1/1] COPY x /x\n"
	if shown.String() != want {
		t.Errorf("got %q, want %q", shown.String(), want)
	}
}

func TestAFailureIsTheEndOfTheStepThatFailed(t *testing.T) {
	output := strings.Repeat("#5 1.0 noise\n", 40) + "#5 ERROR: exit code: 1\n------\n > [test 1/1] RUN npm test:\n1.2 not ok 1 - counts\n------\nDockerfile:9\nerror: failed to solve\n"
	if got := failure([]byte(output)); !strings.Contains(got, "not ok 1 - counts") || strings.Contains(got, "noise") {
		t.Errorf("got %q", got)
	}
	if got := failure([]byte(strings.Repeat("line\n", 40) + "error: no such target\n")); strings.Count(got, "\n") != 14 || !strings.HasSuffix(got, "no such target") {
		t.Errorf("without such lines: got %q", got)
	}
}
