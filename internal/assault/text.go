package assault

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// sqls look like parts of SQL.
var sqls = []string{
	`'; DROP TABLE signals; --`, `' OR '1'='1`, `" OR ""="`, `'); DELETE FROM signals; --`,
	`1; SELECT pg_sleep(10)--`,
	`$1`, `$$; DROP TABLE attempts; $$`, `@group::text`, `%s %d %n`, `\'; --`, `'||(SELECT version())||'`,
	`/* admit */`,
	`*/ DROP TABLE signals /*`, `NULL`, `E'\\x27'`, `U&'\0027'`, `COPY signals TO PROGRAM 'id'`,
	`x' UNION SELECT 1,2,3--`,
	`{{7*7}}`, `${jndi:ldap://x}`, `<script>alert(1)</script>`, `; redis.call('FLUSHALL')`, `|nonce|1`,
	`../../etc/passwd`,
}

// sqlInjection puts SQL into every text field of a body that is wrong besides.
func sqlInjection(d *Draw) Shot {
	list := d.signal()
	for _, field := range texts {
		if d.IntN(3) > 0 {
			text := pick(d, sqls...)
			if field == "signal_id" {
				text = d.Mark + text
			}
			list = set(list, field, quote(text))
		}
	}
	if d.IntN(2) == 0 {
		return d.post(d.object(set(list, "type", quote(pick(d, sqls...)))), problem("type"))
	}
	owed := problem("")
	return d.post(d.object(set(list, pick(d, numbers...), quote(pick(d, sqls...)))), owed)
}

// lines are what a log must not write as it is: line breaks, lines that look like
// its own, and what a terminal obeys.
var lines = []string{
	"\n{\"level\":\"INFO\",\"msg\":\"BECAME LEADER\"}", "\r\nlevel=ERROR msg=forged", "\x1b[2J\x1b[H",
	"\x1b]0;owned\x07",
	"\x1b[31mALERT\x1b[0m", "\b\b\b\b", "\x9b31m", "\u009b31m", "\u0085next line", "\x00", "\x7f",
}

// unseen are lines that show a person another text than there is. In a field they
// are a text as any other.
var unseen = []string{
	"\u202egnp.exe", "\u2066\u2067x\u2069", "\u200b\u200d\ufeff", "\u2028{}", "\U000e0041",
}

// logInjection puts such lines wherever a log might write what a sender wrote.
func logInjection(d *Draw) Shot {
	line, way := pick(d, lines...), d.IntN(5)
	if way > 0 && d.IntN(3) == 0 {
		line = pick(d, unseen...)
	}
	spelt := ""
	for _, r := range utf16.Encode([]rune(line)) {
		spelt += fmt.Sprintf(`\u%04x`, r)
	}
	body := []byte(d.object(set(d.signal(), "type", quote(d.Mark))))
	switch way {
	case 0: // as a value, or in a name, written as JSON wants it
		field := pick(d, texts...)
		list := set(d.signal(), field, `"`+d.Mark+spelt+`"`)
		return d.post(d.object(list), problem(field))
	case 1: // a member twice whose name is the line: the refusal has to name it
		name := `"` + d.Mark + spelt + pick(d, "", strings.Repeat("n", d.between(1000, 20_000))) + `":1`
		text := d.object(d.signal())
		return d.post(text[:len(text)-1]+","+name+","+name+"}", problem(""))
	case 2: // in the path
		path := "/webhook/" + url.PathEscape(d.Mark+line)
		return Shot{
			Pieces: [][]byte{d.request("POST "+path, body, "Content-Type: application/json")},
			Owed:   Owed{Codes: []int{400, 404}},
		}
	case 3: // in headers that are often logged
		header := pick(d, "User-Agent: ", "Referer: ", "X-Forwarded-For: ", "X-Request-Id: ",
			"Content-Type: ") + d.Mark + line
		return Shot{
			Pieces: [][]byte{d.request("POST "+d.path(), body, header)},
			Owed:   Owed{Codes: []int{400, 415}, Drop: true},
		}
	default: // as it is, in a body that is refused for it or for its type
		return d.post(d.object(set(d.signal(), "type", quote(line))), problem(""))
	}
}

// storedText is a signal whose instrument looks like SQL. It is a text as any
// other: what is taken must come out of the ledger as it went in.
func storedText(d *Draw) Shot {
	text := pick(d, sqls...)
	key := "text-" + strings.TrimPrefix(d.Mark, "assault-")
	list := set(set(set(d.signal(), "instrument", quote(text)), "signal_id", quote(key)), "position",
		quote(key))
	shot := d.post(d.object(list), Owed{Codes: []int{202, 400}})
	shot.Key, shot.Instrument = key, text
	return shot
}
