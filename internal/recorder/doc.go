// Package recorder is the flight recorder of a node: a file that holds every
// input that the node was told of, and a sum of what it wanted done each time.
// Recorder writes it, Open reads it, Verify feeds it to the core of this build
// and demands the same effects.
//
// # The file
//
// The first line is JSON: who was recorded, by which build, and what the node
// began with. Then come frames, numbers as uvarints:
//
//	input    its length, the input in the encoding of core/journal, a checksum
//	effects  their number, the 64-bit FNV-1a sum of their encodings, a checksum
//	...
//	end      a zero and a word, a checksum
//
// A checksum is the CRC-32C of everything before it but the checksums, so that a changed bit is
// found where it stands and is never taken for another decision of the core. The
// input is written before the step and the effects after it: an input without
// effects is the step in which the process ended. A process that is killed
// leaves no end, and perhaps half a frame; that is torn, and no error.
//
// # One file for each process
//
// Create keeps an older file: it is renamed to PATH.1, PATH.2 and so on, the
// greatest number the youngest. Nothing deletes them.
//
// # What is lost
//
// Steps are collected in memory and written by a goroutine of their own: a
// process that is killed loses what is younger than the time between two writes.
// With a time of zero, each step is written before its effects are started.
// Nothing is synced: a machine that loses its power may lose more. If the disk
// stands still for so long that memory runs over, the file ends there.
package recorder
