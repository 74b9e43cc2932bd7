package origin_test

import (
	"net/netip"
	"strings"
	"testing"

	"fencepost/internal/intake/origin"
)

func list(t testing.TB, texts ...string) origin.List {
	t.Helper()
	l, err := origin.ParseList(texts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestForwardedForIsReadFromTheRightThroughTrustedProxiesOnly(t *testing.T) {
	trusted := list(t, "10.0.0.0/8", "fd00::/8")
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.7:4711", "", "203.0.113.7"},
		// Who is not trusted says nothing.
		{"203.0.113.7:4711", "52.89.214.238", "203.0.113.7"},
		{"10.0.0.1:80", "52.89.214.238", "52.89.214.238"},
		// What a stranger wrote before the proxy added the stranger's own address.
		{"10.0.0.1:80", "52.89.214.238, 203.0.113.7", "203.0.113.7"},
		{"10.0.0.1:80", "52.89.214.238,203.0.113.7,10.9.9.9", "203.0.113.7"},
		{"10.0.0.1:80", "52.89.214.238|203.0.113.7", "203.0.113.7"},
		{"[fd00::1]:80", "2001:db8::1", "2001:db8::1"},
		{"[fd00::1]:80", "[2001:db8::1]:4711", "2001:db8::1"},
		{"10.0.0.1:80", "203.0.113.7:4711", "203.0.113.7"},
		{"[::ffff:10.0.0.1]:80", "::ffff:203.0.113.7", "203.0.113.7"},
		// The proxy itself asked.
		{"10.0.0.1:80", "", "10.0.0.1"},
		{"10.0.0.1:80", "10.0.0.2", "10.0.0.2"},
		// What cannot be read is nobody's address.
		{"10.0.0.1:80", "52.89.214.238, unknown", "invalid IP"},
		{"10.0.0.1:80", "52.89.214.238,", "invalid IP"},
		{"10.0.0.1:80", "203.0.113.7 52.89.214.238", "invalid IP"},
		{"10.0.0.1:80", strings.Repeat("10.0.0.2,", 20) + "10.0.0.2", "10.0.0.2"},
		{"somewhere", "52.89.214.238", "invalid IP"},
		{"", "52.89.214.238", "invalid IP"},
	} {
		var headers []string
		for value := range strings.SplitSeq(c.forwarded, "|") {
			if c.forwarded != "" {
				headers = append(headers, value)
			}
		}
		if got := origin.Of(c.remote, headers, trusted).String(); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
}

// A stranger who names a trusted address far to the left is not followed there
// by a header so long that its right end is cut off.
func TestLongChainEndsAtAProxy(t *testing.T) {
	chain := "52.89.214.238," + strings.Repeat("10.0.0.2,", 16) + "10.0.0.2"
	if got := origin.Of("10.0.0.1:80", []string{chain}, list(t, "10.0.0.0/8")); got.String() != "10.0.0.2" {
		t.Errorf("%v", got)
	}
}

func TestListHoldsAddressesAndNetworks(t *testing.T) {
	l := list(t, "52.89.214.238", "10.0.0.0/8", "2001:db8::/32", "::ffff:192.0.2.1")
	for text, want := range map[string]bool{
		"52.89.214.238": true, "52.89.214.239": false, "10.255.0.1": true, "11.0.0.1": false,
		"2001:db8::7": true, "2001:db9::7": false, "192.0.2.1": true,
	} {
		if got := l.Holds(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	if l.Holds(netip.Addr{}) || list(t).Holds(netip.MustParseAddr("10.0.0.1")) {
		t.Error("an address that is not known is held, or by an empty list")
	}
	for _, text := range []string{
		"", "10.0.0.1/8", "10.0.0.0/33", "host", "fe80::1%eth0", "::ffff:10.0.0.0/104",
	} {
		if _, err := origin.ParseList([]string{text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// FuzzOf: the address is one of those that stand there, or none; without a
// trusted proxy it is that of the connection, whatever the header says.
func FuzzOf(f *testing.F) {
	f.Add("10.0.0.1:80", "52.89.214.238, 203.0.113.7", "10.0.0.2")
	f.Add("[::1]:80", "[fe80::1%eth0]:1", "::ffff:1.2.3.4,")
	f.Fuzz(func(t *testing.T, remote, first, second string) {
		trusted, headers := list(t, "10.0.0.0/8"), []string{first, second}
		got, plain := origin.Of(remote, headers, trusted), origin.Of(remote, nil, trusted)
		if got != got.Unmap() || got.Zone() != "" {
			t.Fatalf("%v", got)
		}
		if !trusted.Holds(plain) && got != plain {
			t.Fatalf("%q is believed: %v", first, got)
		}
		if right := origin.Of("10.0.0.1:1", []string{first + "," + second + ",203.0.113.7"}, trusted); right.
			String() != "203.0.113.7" {
			t.Fatalf("what stands to the left is believed: %v", right)
		}
	})
}
