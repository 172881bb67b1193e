// Package http1 is the front door's own HTTP/1.1 client for small, plain
// requests to pods. It has no goroutine for a connection and no timer for a
// request, and gives a response to nobody but who asked:
//
//	Request.Begin/Field/End  the request as bytes, the same for every pod
//	Client.Do                a connection, one write, the head of the response
//	Response.Deliver         the body, as RFC 9112 frames it, to the client
//
// A connection is used again only when nothing is left unread on it. What Plain
// refuses is for net/http's client.
package http1
