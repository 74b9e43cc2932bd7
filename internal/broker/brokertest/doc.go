// Package brokertest is the one suite that every adapter over HTTP passes: what
// package broker promises of an Adapter, whatever language its broker speaks.
//
// A subject brings its adapter and a broker that behaves well. The suite stands
// between them and misbehaves: it loses replies, answers with redirects,
// gateways' pages, garbage and bytes without end, or says nothing at all. It
// counts each order that was written, and asks the broker's book how many there
// are.
package brokertest
