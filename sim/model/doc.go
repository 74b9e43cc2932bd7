// Package model says what each named operation of the three parties outside a
// node does, atomically: lease and witness in Redis, the ledger in PostgreSQL and
// the broker's book. It is the simulator's only word on them. The SQL and the
// Lua of the service say the same, and internal/conformance holds the two
// together.
//
// A model has no clock: every method is told the time, on that store's own
// clock. It has no chance, no goroutine and no network: whether a request
// arrives and whether its answer comes back is decided outside. Models are
// plain values with dense slices that Reset keeps, so that a run in a reused
// world allocates nothing.
//
// What a store really did is written to Records as observations for the
// checkers. An observation is made of what was done, never of what should have
// been: a model with a mistake in it tells the truth about that mistake.
package model
