package main

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

// imagesOf are those of the front door, of BuildKit and of cmd/push that an operator with these arguments uses.
func imagesOf(t *testing.T, args ...string) [3]string {
	t.Helper()
	var frontDoor string
	var sources sourceOptions
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	bindFrontDoorImage(flags, &frontDoor)
	sources.bind(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return [3]string{frontDoor, sources.build.EngineImage, sources.build.PushImage}
}

func TestImagesComeFromVariablesAndAFlagGoesFirst(t *testing.T) {
	if got := imagesOf(t); got[0] != "" || got[1] == "" || got[2] == "" {
		t.Errorf("without variables: %q", got)
	}
	t.Setenv(envFrontDoorImage, "mirror/gateway:1")
	t.Setenv(envBuildKitImage, "mirror/buildkit:1")
	t.Setenv(envPushImage, "mirror/push:1")
	if got, want := imagesOf(t), ([3]string{"mirror/gateway:1", "mirror/buildkit:1", "mirror/push:1"}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := imagesOf(t, "--front-door-image=own/gateway:2", "--buildkit-image=own/buildkit:2", "--push-image=own/push:2")
	if want := ([3]string{"own/gateway:2", "own/buildkit:2", "own/push:2"}); got != want {
		t.Errorf("with flags: got %q, want %q", got, want)
	}
}

func TestAnOperatorWithoutAnImageOfTheFrontDoorSaysWhereToNameIt(t *testing.T) {
	err := run(context.Background(), options{})
	if err == nil || !strings.Contains(err.Error(), envFrontDoorImage) || !strings.Contains(err.Error(), "--front-door-image") {
		t.Errorf("it says %v", err)
	}
}

// The manifest and the program must mean the same variables, or shops get no front door.
func TestTheManifestSetsTheVariablesThatTheOperatorReads(t *testing.T) {
	text, err := os.ReadFile("../../config/manager/deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var deployment appsv1.Deployment
	if err := yaml.UnmarshalStrict(text, &deployment); err != nil {
		t.Fatal(err)
	}
	set := map[string]string{}
	for _, one := range deployment.Spec.Template.Spec.Containers[0].Env {
		set[one.Name] = one.Value
	}
	if own := imagesOf(t); set[envBuildKitImage] != own[1] || set[envPushImage] != own[2] {
		t.Errorf("the manifest's images of builds are %s and %s, the program's own defaults are %q", set[envBuildKitImage], set[envPushImage], own[1:])
	}
	for _, name := range []string{envFrontDoorImage, envBuildKitImage, envPushImage} {
		if set[name] == "" {
			t.Errorf("config/manager/deployment.yaml does not set %s", name)
		}
		delete(set, name)
	}
	for name := range set {
		if strings.HasPrefix(name, "RELATED_IMAGE_") {
			t.Errorf("config/manager/deployment.yaml sets %s, which nobody reads", name)
		}
	}
}
