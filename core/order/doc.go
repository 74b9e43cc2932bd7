// Package order has the words of the broker's side: what a broker promises about
// the orders that it is sent, which class that makes it (PROTOCOL 5.3), and what
// it answers.
package order
