// Package signature checks the signatures of webhooks by the Standard Webhooks
// convention.
//
// A sender signs ID.TIMESTAMP.BODY with HMAC-SHA256 and sends the id in
// webhook-id, the instant in Unix seconds in webhook-timestamp, and one or more
// signatures in webhook-signature, separated by spaces, each as v1,BASE64. Other
// versions are passed over: a sender that is changing over sends both. Several
// secrets may be live, so that one can replace another without an
// interruption. A secret is written as whsec_BASE64.
//
// An instant outside the tolerance is refused before anything is computed, so
// that what was overheard is of no use later. What is repeated within the
// tolerance, Memory recognizes.
//
// The package is a leaf, so that its parser can be fuzzed quickly.
package signature
