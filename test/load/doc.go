// Package load sends open-loop load at a shop's public address and judges what came back.
//
// Open loop: requests begin at a fixed rate whatever the answers take, and latency counts from the intended start, so a
// stall is seen in full. An arrival is one request (mix.go), or a customer who browses, searches, fills a cart or buys
// (visits.go, reads.go, purchase.go). What the answers mean is the business of Analyse, Figures and Judge, which are pure; Plot draws
// them over time. Witness reads from the shop what Judge compares the customers' memory with.
package load
