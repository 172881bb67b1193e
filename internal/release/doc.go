// Package release turns a shop's services into an immutable snapshot with a name
// that follows from its content. It is pure: what is read is handed in.
package release
