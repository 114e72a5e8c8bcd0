// Package gcstart puts the garbage collector off while the program starts.
// Terraform starts a provider three times a plan, twice of them only to ask for
// its schemas. What packages set up at their start crosses the 4 MB at which Go
// collects for the first time, and all of it is kept: the collection takes a
// fifth of the start and frees nothing.
//
// It imports nothing that is set up late, so that it comes before most others
// (packages without open dependencies are set up in the order of their paths).
package gcstart

import (
	"runtime/debug"
	"sync"
)

// percent makes the first collection happen at 16 MB.
const percent = 400

var usual = debug.SetGCPercent(percent)

// Done ends it: from now on the collector runs as usual, or as GOGC says.
var Done = sync.OnceFunc(func() { debug.SetGCPercent(usual) })
