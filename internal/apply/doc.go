// Package apply is the only writer of the cluster. It brings the objects of a
// shop to the desired set: server-side apply of what differs, one write for the
// switch, and the deletion of what is no longer wanted, in this order. Before the
// switch it only adds, after it it only removes.
package apply
