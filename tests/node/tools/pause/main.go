// The process that holds a pod's namespaces while its containers come and go; registry.k8s.io's own is C and in no
// package of a distribution.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ending := make(chan os.Signal, 1)
	signal.Notify(ending, syscall.SIGINT, syscall.SIGTERM)
	<-ending
}
