//go:build !linux

package rundir

// memory is not to be had here.
const memory = ""

// memoryHasRoom reports whether run directories fit in memory.
func memoryHasRoom() bool { return false }
