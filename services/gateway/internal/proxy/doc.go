// Package proxy passes requests on: it takes the route from the table of this
// moment, a pod from the directory, and answers itself only with a problem.
package proxy
