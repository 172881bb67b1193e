package v1alpha1

// Annotations of a Shop that say who acted, and ask for a retry. kubectl shop and the console write them together with the
// field that they speak of.
const (
	// AnnotationBy is who changed spec.release.active last, as the API server knows them. Where the access policy of
	// config/policy is installed, the API server writes it, and refuses another's name.
	AnnotationBy = "shop.emporium.dev/by"
	// AnnotationBecause is their reason, in their words; at most 256 characters of it are kept in status.recent.
	AnnotationBecause = "shop.emporium.dev/because"
	// AnnotationActedOn is the value of spec.release.active that both speak of. They count only while it is the one that the
	// spec has, so that a later change by somebody who writes none of them is not taken for theirs.
	AnnotationActedOn = "shop.emporium.dev/acted-on"
	// AnnotationRetry asks for one more try: <release>/<job>@<time> runs the failed Job of a migration or check again, and
	// <release>/-@<time> lets a release be tried again that the guard rejected or that was not ready in time. <time> is RFC 3339 or
	// anything else that makes it another value; each value is followed once and stands in status.retried then. Unlike deleting
	// the Job it needs no right on Jobs, and unlike annotating the ShopRelease it opens no way back that was closed.
	AnnotationRetry = "shop.emporium.dev/retry"
)

// FieldManager is the name under which people change a Shop, by kubectl shop, the console or kubectl --field-manager. It must
// not begin with kubectl: Flux takes over the fields of such managers, and undoes them.
const FieldManager = "emporium-user"
