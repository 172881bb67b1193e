// Package registry asks registries what a tag names. The answer is recorded in a release, so
// that all its pods run one program. A registry that is slow, away or closed costs a release
// a second at most and never makes one fail: the release then says that nobody knows.
package registry
