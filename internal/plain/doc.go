// Package plain makes of a text from outside one that a terminal and a person's
// eyes take for what it is: characters that nobody sees, that a terminal obeys, or
// that reorder what stands beside them are written as their numbers.
//
// The form is JSON's (\u202e), so that a document or a line of a log in JSON still
// says the same afterwards.
package plain
