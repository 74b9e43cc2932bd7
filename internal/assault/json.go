package assault

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
)

// truncated cuts a body that was right.
func truncated(d *Draw) Shot {
	text := d.object(d.signal())
	return d.post(text[:d.IntN(len(text))], problem(""))
}

// nesting goes deeper than any reader should.
func nesting(d *Draw) Shot {
	list := d.signal()
	if d.IntN(2) == 0 { // and never closed
		depth := d.between(50, 9_000)
		return d.post(d.object(append(list, member{"pad", strings.Repeat(`{"a":`, depth)})), problem(""))
	}
	depth := d.between(10_001, 30_000)
	field := pick(d, "pad", "reason", "price", "instrument")
	inside := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	return d.post(d.object(set(list, field, inside)), problem(field))
}

// duplicate says something twice. Readers that take the first and readers that
// take the last disagree about it.
func duplicate(d *Draw) Shot {
	list := d.signal()
	twice := list[d.IntN(len(list))]
	name, value := twice.name, pick(d, twice.value, `"EXIT"`, "null", "1")
	text := d.object(append(list, member{name, value}))
	if d.IntN(3) == 0 {
		// The same name, spelt otherwise: JSON knows no difference.
		last := strings.LastIndex(text, quote(name))
		text = text[:last] + `"\u00` + hex2(name[0]) + name[1:] + `"` + text[last+len(quote(name)):]
	}
	return d.post(text, problem(name))
}

func hex2(b byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[b>>4], digits[b&15]})
}

// numbers are the fields that hold one.
var numbers = []string{"price", "stop", "lots", "atr", "er", "supertrend", "roc"}

// number writes numbers that JSON does not have, or that nobody can hold.
func number(d *Draw) Shot {
	field := pick(d, numbers...)
	value := pick(d,
		"1e999", "1E+31", "1e-31", "9e99999999999999999999", strings.Repeat("9", d.between(41, 400)),
		"0."+strings.Repeat("0", 60)+"1", "NaN", "nan", "Infinity", "-Infinity", "inf", "1.#INF", "+1",
		".5", "1.", "01",
		"-01", "0x10", "1_000", "1,000", "--1", "1e", "1e+", "0b1", "0o7", "1 000", "½", "٣", "１", "1n",
		"1f", "1/2")
	owed := problem(field)
	if !json.Valid([]byte(value)) {
		owed.Field = "" // which place of a broken body is wrong is a matter of taste
	}
	return d.post(d.object(set(d.signal(), field, value)), owed)
}

// texts are the fields that hold one.
var texts = []string{"instrument", "position", "timestamp", "signal_id", "reason"}

// encoding writes what is no text.
func encoding(d *Draw) Shot {
	field := pick(d, texts...)
	text := d.object(d.signal())
	with := func(raw string) string { return d.object(set(d.signal(), field, `"x`+raw+`"`)) }
	owed := problem("")
	switch d.IntN(9) {
	case 0: // no UTF-8 at all, overlong, surrogates and numbers too large, in bytes
		return d.post(with(pick(d, "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
			"\x80")), owed)
	case 1:
		return d.post("\xef\xbb\xbf"+text, owed)
	case 2:
		return d.post(wide(text, d.IntN(2) == 0, d.IntN(2) == 0), owed)
	case 3: // half a character, and halves in the wrong order
		owed.Field = field
		return d.post(with(pick(d, `\ud800`, `\udc00`, `\udfff\ud83d`, `\ud83d\ud83d`, `\ud83dx`)), owed)
	case 4:
		owed.Field = field
		return d.post(with(pick(d, `\u0000`, `\u0007`, `\u001b[31m`, `\u007f`, `\u0085`, `\u009b`)), owed)
	case 5:
		return d.post(with(string(rune(d.IntN(32)))), owed)
	case 6:
		return d.post(with(pick(d, `\x41`, `\u12`, `\u12g4`, `\'`, `\`+"\n", `\U0001f600`)), owed)
	case 7:
		at := d.IntN(len(text))
		return d.post(text[:at]+"\xff"+text[at:], owed)
	default:
		at := d.IntN(len(text))
		return d.post(text[:at]+"\x00"+text[at:], owed)
	}
}

// wide writes text as UTF-16.
func wide(text string, big, marked bool) string {
	units := utf16.Encode([]rune(text))
	if marked {
		units = append([]uint16{0xfeff}, units...)
	}
	var out strings.Builder
	for _, u := range units {
		low, high := byte(u), byte(u>>8)
		if big {
			low, high = high, low
		}
		out.WriteByte(low)
		out.WriteByte(high)
	}
	return out.String()
}

// shape writes what is not one object.
func shape(d *Draw) Shot {
	text := d.object(d.signal())
	inner := strings.TrimSuffix(text, "}")
	return d.post(pick(d,
		"", " \n", "null", "true", "17", `"BASE_ENTRY"`, "[]", "["+text+"]", text+text, text+"\n"+text,
		text+",", text+"]",
		text+"}", inner+",}", inner+",,}", inner+`,"x"}`, inner+`,"x":}`, inner+`,:1}`, inner+` /* note */}`,
		"// note\n"+text, strings.ReplaceAll(text, `"`, `'`), strings.ReplaceAll(text, `"type"`, "type"),
		strings.ReplaceAll(text, ":", "="), "{"+text+"}", `{"a":1 "b":2}`, "BUY "+d.Mark+" now", "<xml/>",
		"type=BASE_ENTRY&instrument=X", "---\ntype: EXIT\n", ")]}',\n"+text, "callback("+text+")",
		`{`+"\v"+text[1:],
		text+"\x00", "{"+strings.Repeat(`"a":`, d.between(2, 50))+"1}", `{1:2}`, `{"type"}`, "\u00a0"+text,
	), problem(""))
}
