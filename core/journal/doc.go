// Package journal is the lasting form of what a node was told and of what it
// wanted: a stable binary encoding of inputs and effects. A recorded run can be
// fed to the core again, on another day and by another build, and must have the
// same effects, byte for byte.
package journal
