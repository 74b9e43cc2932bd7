// Package word keeps the fixed names of enumerations: a table that is indexed by
// the value, read in both directions.
package word
