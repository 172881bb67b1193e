//go:build race

package main

// sampled: with the race detector, which makes everything several times as
// slow, every twelfth fault stands for all. `make conform` runs them all.
const sampled = 12
