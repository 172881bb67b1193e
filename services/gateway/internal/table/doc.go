// Package table holds what the front door routes by: the operator's routing
// table, compiled for matching, behind one pointer. Swapping that pointer is
// the moment at which this replica switches.
package table
