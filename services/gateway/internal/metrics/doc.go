// Package metrics counts. Releases are told apart by their role, active or
// preview: a name of a release in a label would make a new series each release.
// Series of a service that no release has any more are removed.
package metrics
