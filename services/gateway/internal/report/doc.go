// Package report tells the operator, through a Lease that this replica owns,
// which table the replica routes by and that it is alive. A successful write is
// also the replica's proof that it can see the API.
package report
