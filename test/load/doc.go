// Package load sends open-loop load at a shop's public address and judges what came back.
//
// Open loop: requests begin at a fixed rate whatever the answers take, and latency counts from the intended start, so a
// stall is seen in full. What is sent is the business of Mix, what it means that of Analyse, which is pure.
package load
