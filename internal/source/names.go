package source

// Labels and annotations of a build's Job and its pod, which carry those of the shop as well.
const (
	// LabelSource names the ShopSource.
	LabelSource = "shop.emporium.dev/source"
	// LabelSlot names the slot that the build takes: <shop>-build-<slot>, as its volume.
	LabelSlot = "shop.emporium.dev/build-slot"
	// ComponentBuild is the value of the component's label.
	ComponentBuild = "build"

	// AnnotationCommit, AnnotationVersion, AnnotationInputs and AnnotationAttempt say what is built.
	AnnotationCommit  = "shop.emporium.dev/commit"
	AnnotationVersion = "shop.emporium.dev/version"
	AnnotationInputs  = "shop.emporium.dev/inputs"
	AnnotationAttempt = "shop.emporium.dev/attempt"
	// AnnotationPaths is the fingerprint of what stood at spec.paths.
	AnnotationPaths = "shop.emporium.dev/paths"
)
