// A program for the test of how programs are built.
package main

var version = "dev"

func main() { println(version) }
