// Package payload reads the body of a webhook.
//
// A body is one JSON object. The fields that mean something to the service are
// checked one by one, and the first that is wrong is named; fields that mean
// nothing to it are the sender's own and are kept in the body as it came. What
// JSON leaves open is decided here, because two readers of one body must not
// disagree: names are exact, no name appears twice, text is valid UTF-8 without
// control characters, and numbers keep the sender's notation.
//
// A mapping says which member of the body holds which field, for senders that
// have names of their own; it is judged when the configuration is read.
//
// A timestamp is a part of the signal's name, whatever it looks like. Instant
// reads it as far as it is an instant; what that means is for others to decide.
//
// The package is a leaf, so that its parser can be fuzzed quickly.
package payload
