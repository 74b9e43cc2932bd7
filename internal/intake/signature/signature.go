package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The names of the headers.
const (
	IDHeader        = "Webhook-Id"
	TimestampHeader = "Webhook-Timestamp"
	Header          = "Webhook-Signature"
)

// The bounds of the headers.
const (
	maxID         = 128
	maxDigits     = 12
	maxSignatures = 16
)

// The bounds of a secret in bytes, those of the convention.
const (
	minSecret = 24
	maxSecret = 64
)

// prefix begins a secret in text form.
const prefix = "whsec_"

// version begins a signature that this package checks.
const version = "v1,"

// Secret is what sender and receiver share.
type Secret []byte

// ParseSecret reads a secret in the form whsec_BASE64. The error does not hold
// it.
func ParseSecret(text string) (Secret, error) {
	coded, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return nil, errors.New("must begin with " + prefix)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(coded)
	if err != nil {
		return nil, errors.New("must be base64 behind " + prefix)
	}
	if n := len(secret); n < minSecret || n > maxSecret {
		return nil, fmt.Errorf("has %d bytes; %d to %d", n, minSecret, maxSecret)
	}
	return secret, nil
}

// Error says which header is wrong and why. It holds nothing that the sender
// wrote.
type Error struct {
	// Field is the header's name, in lower case.
	Field  string
	Reason string
}

// Error returns the header and the reason.
func (e *Error) Error() string { return e.Field + ": " + e.Reason }

func wrong(field, format string, args ...any) *Error {
	return &Error{Field: strings.ToLower(field), Reason: fmt.Sprintf(format, args...)}
}

// Claim is what the headers of one request say, read and not yet believed.
type Claim struct {
	ID string
	// At is the instant of the signing.
	At time.Time
	// at is the instant as it was signed.
	at         string
	signatures [][]byte
}

// Values returns the values of a header, as http.Header does.
type Values interface {
	Values(name string) []string
}

// Parse reads the headers of a request, each of which must be there once. The
// error is an *Error.
func Parse(headers Values) (*Claim, error) {
	claim := &Claim{}
	var err error
	if claim.ID, err = single(headers, IDHeader); err != nil {
		return nil, err
	}
	if n := len(claim.ID); n > maxID || strings.ContainsFunc(claim.ID, unseen) {
		return nil, wrong(IDHeader, "must be at most %d letters, digits or signs", maxID)
	}
	if claim.at, err = single(headers, TimestampHeader); err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseUint(claim.at, 10, 63)
	if err != nil || len(claim.at) > maxDigits {
		return nil, wrong(TimestampHeader, "must be a number of seconds since 1970")
	}
	claim.At = time.Unix(int64(seconds), 0)
	text, err := single(headers, Header)
	if err != nil {
		return nil, err
	}
	return claim, claim.take(text)
}

// single returns the one value of a header.
func single(headers Values, name string) (string, error) {
	values := headers.Values(name)
	switch {
	case len(values) == 0 || values[0] == "":
		return "", wrong(name, "is required: this source signs its webhooks")
	case len(values) > 1:
		return "", wrong(name, "appears %d times", len(values))
	default:
		return values[0], nil
	}
}

// unseen reports whether a character is no plain sign.
func unseen(c rune) bool { return c <= ' ' || c > '~' }

// take reads the signatures, separated by spaces.
func (c *Claim) take(text string) error {
	words := strings.Fields(text)
	if len(words) > maxSignatures {
		return wrong(Header, "has %d signatures, at most %d", len(words), maxSignatures)
	}
	for _, word := range words {
		coded, ours := strings.CutPrefix(word, version)
		if !ours {
			continue
		}
		signature, err := base64.StdEncoding.Strict().DecodeString(coded)
		if err != nil || len(signature) != sha256.Size {
			return wrong(Header, "holds a v1 signature that is not 32 bytes in base64")
		}
		c.signatures = append(c.signatures, signature)
	}
	if len(c.signatures) == 0 {
		return wrong(Header, "must hold a signature like v1,BASE64")
	}
	return nil
}

// Recent says what is wrong with the instant of the signing, nil if it lies
// within the tolerance around now. It is asked before the body is read.
func (c *Claim) Recent(now time.Time, tolerance time.Duration) error {
	switch apart := now.Sub(c.At); {
	case apart > tolerance:
		return wrong(TimestampHeader, "lies more than %v in the past", tolerance)
	case apart < -tolerance:
		return wrong(TimestampHeader, "lies more than %v in the future", tolerance)
	default:
		return nil
	}
}

// Verify says what is wrong with the signatures, nil if one of them was made of
// this body with one of the secrets. All are compared, in constant time.
func (c *Claim) Verify(body []byte, secrets []Secret) error {
	good := false
	for _, secret := range secrets {
		want := sum(secret, c.ID, c.at, body)
		for _, signature := range c.signatures {
			if hmac.Equal(signature, want) {
				good = true
			}
		}
	}
	if !good {
		return wrong(Header, "does not fit this body with any secret of this source")
	}
	return nil
}

// Sign returns the value of webhook-signature for a body, as a sender makes it.
func Sign(secret Secret, id string, at time.Time, body []byte) string {
	return version + base64.StdEncoding.EncodeToString(sum(secret, id, Timestamp(at), body))
}

// Timestamp returns the value of webhook-timestamp.
func Timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func sum(secret Secret, id, at string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	// A hash never fails to be written to.
	_, _ = mac.Write([]byte(id + "." + at + "."))
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}
