// Package build holds what the build wrote into the binary.
package build

// Version is the version of the image, set by the Dockerfile's go build line
// (-ldflags -X). "dev" in a binary that was built by hand.
var Version = "dev"
