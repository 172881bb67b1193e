// Package observe is the only reader of the cluster: it turns what a shop's objects
// say into the planner's input. It reads caches; what is not cached (the content of
// the ConfigMaps and Secrets that services name) is read once per version.
package observe
