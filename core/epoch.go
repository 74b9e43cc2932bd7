package core

import "fencepost/core/word"

// Epoch numbers one leadership. It rises by exactly one with each takeover and
// lives in PostgreSQL, never in Redis. Zero means "no leadership".
type Epoch uint64

// Supersedes reports whether a holder of other must yield to e.
func (e Epoch) Supersedes(other Epoch) bool { return e > other }

// Nonce identifies one process start. Two processes that were given the same
// instance id by mistake still differ in it.
type Nonce uint64

// Token is the value of the lease in Redis: it names one acquisition by one
// process. The instance id that stands before it in Redis is for people.
type Token struct {
	Nonce       Nonce
	Acquisition uint32
}

// IsZero reports whether the token names no acquisition.
func (t Token) IsZero() bool { return t == Token{} }

// TenureKind says which lease governs belief during a tenure.
type TenureKind uint8

// The kinds of tenure: by the lease in Redis, or by a column in PostgreSQL.
const (
	TenureRedis TenureKind = iota
	TenurePG
)

var tenureNames = []string{TenureRedis: "redis", TenurePG: "pg"}

// String returns the kind as it stands in the ledger.
func (k TenureKind) String() string { return word.Of(tenureNames, k) }
