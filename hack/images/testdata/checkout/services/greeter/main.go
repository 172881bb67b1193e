// Command greeter is built by the tests of hack/images.
package main

var version = "unknown"

func main() { println(version) }
