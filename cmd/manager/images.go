package main

import (
	"flag"
	"os"
)

// Images that the operator puts into pods of shops. They are variables of its container, and not arguments, because that is where tools that
// rewrite images look: OLM's relatedImages, mirrors of registries, patches by name. A flag goes before its variable.
const (
	envFrontDoorImage = "RELATED_IMAGE_FRONT_DOOR"
	envBuildKitImage  = "RELATED_IMAGE_BUILDKIT"
	envPushImage      = "RELATED_IMAGE_PUSH"
)

func bindFrontDoorImage(flags *flag.FlagSet, image *string) {
	flags.StringVar(image, "front-door-image", os.Getenv(envFrontDoorImage), "gateway image of shops that name none (required). Unset: the environment variable "+envFrontDoorImage)
}
