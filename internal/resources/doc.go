// Package resources renders a decision into the full set of objects that shall
// exist: one file a kind. It is pure and returns typed apply configurations, which
// hold only the fields that the operator owns.
package resources
