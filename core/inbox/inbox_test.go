package inbox_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/inbox"
)

// PROTOCOL 5.1.2: nothing is acknowledged that is not known to be durable.
func TestSenderIsToldWhatTheLedgerDid(t *testing.T) {
	for _, c := range []struct {
		did     inbox.Admission
		verdict inbox.Verdict
		reason  core.Reason
		status  int
		word    string
	}{
		{inbox.Fresh, inbox.Accepted, core.NoReason, 202, "accepted"},
		{inbox.Duplicate, inbox.AlreadyKnown, core.NoReason, 200, "duplicate"},
		{inbox.Clash, inbox.Contradicts, core.Conflict, 409, "conflict"},
		{inbox.AdmissionUnknown, inbox.Retry, core.Unavailable, 503, "unavailable"},
		{inbox.Admission(200), inbox.Retry, core.Unavailable, 503, "unavailable"},
	} {
		verdict, reason := c.did.Tell()
		if verdict != c.verdict || reason != c.reason || verdict.HTTPStatus() != c.status ||
			verdict.String() != c.word {
			t.Errorf("admission %d: %v for %v, status %d", c.did, verdict, reason, verdict.HTTPStatus())
		}
	}
	if inbox.Refused.HTTPStatus() != 200 || inbox.Refused.String() != "rejected" {
		t.Errorf("a refusal is %d %v", inbox.Refused.HTTPStatus(), inbox.Refused)
	}
	if inbox.Verdict(200).HTTPStatus() != 503 {
		t.Error("an unknown verdict promises something")
	}
}

// PROTOCOL 5.1.4: a signal's key is its own id, else the hash of what it says.
func TestSignalKeyIsTheIDOrAHash(t *testing.T) {
	if got := inbox.SignalKey("mine", "a", "b", "c", "d"); got != "mine" {
		t.Fatalf("%q", got)
	}
	// SHA-256 of "BANK_NIFTY:BASE_ENTRY:Long_1:2025-11-28T10:00:00Z", by another program.
	want := "5c827eb93cd09822e9a92409beacb720062fcc5c6ae6b3178d2622c2cf73807c"
	if got := inbox.SignalKey("", "BANK_NIFTY", "BASE_ENTRY", "Long_1", "2025-11-28T10:00:00Z"); got != want {
		t.Fatalf("%s", got)
	}
}

// PROTOCOL 5.2.18: the order id depends on key and attempt alone, has twenty
// characters that every broker takes, and does not confuse the two.
func TestClientOrderIDNamesTheAttempt(t *testing.T) {
	// Base32 of the SHA-256 of "k", a zero byte and "1", by another program.
	if got, want := inbox.ClientOrderID("k", 1), "4OVISHKRM2BSAOA3HZR2"; got != want {
		t.Fatalf("%q", got)
	}
	ids := map[string]bool{}
	for _, key := range []string{"", "k", "k1", "k\x00", "k\x001"} {
		for _, attempt := range []uint32{1, 2, 11, 1 << 31} {
			id := inbox.ClientOrderID(key, attempt)
			if id != inbox.ClientOrderID(key, attempt) {
				t.Fatalf("key %q, attempt %d: two ids", key, attempt)
			}
			if ids[id] {
				t.Errorf("key %q, attempt %d: an id that another attempt has", key, attempt)
			}
			ids[id] = true
			for _, c := range id {
				if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
					t.Errorf("%q", id)
				}
			}
		}
	}
}
