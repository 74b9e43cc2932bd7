package plain_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"fencepost/internal/plain"
)

func TestWhatIsUnseenIsWrittenAsItsNumber(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"NIFTY ₹ ü 日本 🚨":        "NIFTY ₹ ü 日本 🚨",
		"a\u202Eb":              `a\u202eb`,
		"\x1b[2J":               `\u001b[2J`,
		"\u009b31m":             `\u009b31m`,
		"a\nb\tc":               `a\u000ab\u0009c`,
		"\u2066x\u2069":         `\u2066x\u2069`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"\u2028":                `\u2028`,
		"\U000e0041":            `\udb40\udc41`,
		"\x9b31m":               `\ufffd31m`,
		"a\ufffd":               "a\ufffd",
	} {
		if got := plain.Text(text); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
	}
}

func TestADocumentSaysTheSameAfterwards(t *testing.T) {
	const hostile = "a\u202e\u009b\n\t\U000e0041\u200b\"\\"
	text, err := json.Marshal(map[string]string{"text": hostile})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	n, err := plain.Writer(&out).Write(append(text, '\n'))
	if err != nil || n != len(text)+1 {
		t.Fatalf("wrote %d of %d, %v", n, len(text)+1, err)
	}
	for _, r := range out.String() {
		if plain.Unseen(r) && r != '\n' {
			t.Errorf("%q holds %U", out.String(), r)
		}
	}
	var back map[string]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["text"] != hostile {
		t.Errorf("%q, %v", back["text"], err)
	}
}
