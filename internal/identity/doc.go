// Package identity writes and reads the text of a lease's token,
//
//	instance_id|nonce|acquisition
//
// as it stands in Redis and in the ledger. The instance id is for people; the
// nonce, sixteen hexadecimal digits, tells one process start from another, and
// the acquisition number, in decimal, tells one claim from the next. The core
// knows the last two only.
package identity
