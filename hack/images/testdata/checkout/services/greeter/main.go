// Command greeter is built by the tests of hack/images.
package main

var version = "unknown"

func main() { println(greeting(version)) }

func greeting(version string) string { return "hello from " + version }
