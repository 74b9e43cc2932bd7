package assault

import (
	"strings"
)

// wrongType gives a field a value of another type.
func wrongType(d *Draw) Shot {
	if d.IntN(2) == 0 {
		field := pick(d, append([]string{"type", "valid_for"}, texts...)...)
		value := pick(d, "1", "0", "-1.5e3", "true", "false", "[]", "{}", `["EXIT"]`, `{"$ne": ""}`, "[null]")
		return d.post(d.object(set(d.signal(), field, value)), problem(field))
	}
	field := pick(d, numbers...)
	value := pick(d, `""`, `"1"`, `"52000.5"`, `"NaN"`, "true", "false", "[]", "[1]", "{}", `{"value": 1}`,
		`" 2 "`)
	return d.post(d.object(set(d.signal(), field, value)), problem(field))
}

// required are the fields that must be there.
var required = []string{"type", "instrument", "position", "timestamp"}

// missing leaves a field out.
func missing(d *Draw) Shot {
	field := pick(d, required...)
	list := d.signal()
	switch d.IntN(4) {
	case 0:
		list = drop(list, field)
	case 1:
		list = set(list, field, "null")
	case 2:
		list = set(list, field, pick(d, `""`, `" "`, `"\t"`, `"\u00a0"`, `"\u2003"`))
	default: // almost its name
		list = append(drop(list, field), member{pick(d, strings.ToUpper(field), field+" ", " "+field,
			field[:3],
			strings.ToUpper(field[:1])+field[1:], field+"\u200b"), `"X"`})
	}
	return d.post(d.object(list), problem(field))
}

// outOfRange exceeds a bound.
func outOfRange(d *Draw) Shot {
	long := func(least, most int) string { return quote(strings.Repeat("x", d.between(least, most))) }
	m := member{}
	switch d.IntN(7) {
	case 0:
		m = member{pick(d, "instrument", "position", "timestamp"), long(65, 4000)}
	case 1:
		m = member{"signal_id", quote(d.Mark + strings.Repeat("y", d.between(129, 3000)))}
	case 2:
		m = member{"reason", long(1025, 9000)}
	case 3:
		m = member{pick(d, "price", "stop", "lots"), pick(d, "-1", "-0.0001", "-1e10", "-52000.5")}
	case 4:
		m = member{pick(d, numbers...), pick(d, "1e31", "1e-31", "1E1000", "5e+99")}
	case 5:
		m = member{pick(d, numbers...), strings.Repeat("1", d.between(41, 4000))}
	default:
		m = member{"valid_for", pick(d, `"0s"`, `"-1s"`, `"169h"`, `"1us"`, `"999999h"`, `"90"`, `"soon"`,
			`"1 m"`, `"1d"`,
			`"9223372036854775807ns"`, `"1e9s"`, `"٣s"`)}
	}
	return d.post(d.object(set(d.signal(), m.name, m.value)), problem(m.name))
}

// unknownWord names types that there are not.
func unknownWord(d *Draw) Shot {
	word := pick(d, "BUY", "SELL", "buy", "base_entry", "Base_Entry", "BASE_ENTRY ", " EXIT", "EXIT;",
		"EXIT\u200b",
		"ВASE_ENTRY", "ＥＸＩＴ", "EX1T", "PYRAMID,EXIT", "HEARTBEATS", "BASE-ENTRY", "BASEENTRY", "null",
		"undefined",
		"*", "%", "_", "${type}", "{{strategy.order.action}}", "EXIT/**/", "' OR 'a'='a",
		strings.Repeat("EXIT", 16))
	return d.post(d.object(set(d.signal(), "type", quote(word))), problem("type"))
}
