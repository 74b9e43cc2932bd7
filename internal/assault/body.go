package assault

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxBody is the most bytes of a body that the service reads.
const maxBody = 64 << 10

// oversized sends too much, says that it will, or both.
func oversized(d *Draw) Shot {
	// A server that has seen enough may close before it has been sent the rest.
	owed := Owed{Codes: []int{400, 408, 413}, Drop: true}
	text := d.object(append(d.signal(),
		member{"pad", quote(strings.Repeat("p", maxBody+d.between(0, maxBody)))}))
	head := "POST " + d.path() + " HTTP/1.1\r\nHost: " + d.Host +
		"\r\nConnection: close\r\nContent-Type: application/json\r\n"
	switch d.IntN(4) {
	case 0:
		owed = Owed{Codes: []int{413}, Problem: true, Drop: true}
		return d.post(text, owed)
	case 1: // declared, and only begun
		declared := pick(d, "65537", "1000000", "10737418240", "9223372036854775807")
		return Shot{
			Pieces: [][]byte{[]byte(head + "Content-Length: " + declared + "\r\n\r\n"), []byte(text[:100])},
			Gap:    time.Millisecond, Owed: owed,
		}
	case 2: // declared beyond what a number holds
		owed.Codes = []int{400, 413}
		declared := pick(d, "9223372036854775808", "99999999999999999999999", "-1", "0x10", "1e9")
		return Shot{Pieces: [][]byte{[]byte(head + "Content-Length: " + declared + "\r\n\r\n" +
			text[:100])}, Owed: owed}
	default:
		pieces := [][]byte{[]byte(head + "Transfer-Encoding: chunked\r\n\r\n")}
		for size := d.between(1000, 20_000); len(text) > 0; {
			size = min(size, len(text))
			pieces = append(pieces, fmt.Appendf(nil, "%x\r\n%s\r\n", size, text[:size]))
			text = text[size:]
		}
		return Shot{Pieces: append(pieces, []byte("0\r\n\r\n")), Owed: owed}
	}
}

// wrongKind sends a right body as something else.
func wrongKind(d *Draw) Shot {
	text := []byte(d.object(d.signal()))
	kind := pick(d,
		"application/xml", "text/html", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x",
		"application/octet-stream", "application/json;", "application/jsonx", "application/json+x", "json",
		"text/json",
		"application/ld+json", "application/json, text/plain", "image/png", "*/*",
		"application/json; charset", "; ",
		"application/"+d.Mark, "text/plain; charset=\"", "/", "application /json",
		"application/json; a=1; a=2")
	if kind == "application/json;" { // a parameter that is not there is none
		kind = "application/json\x01"
	}
	return Shot{
		Pieces: [][]byte{d.request("POST "+d.path(), text, "Content-Type: "+kind)},
		Owed:   Owed{Codes: []int{400, 415}},
	}
}

// compressed sends bodies that are packed, and says so or not.
func compressed(d *Draw) Shot {
	text := d.object(d.signal())
	if d.IntN(3) == 0 { // a bomb
		text = strings.Repeat(" ", 1<<18) + text
	}
	name := pick(d, "gzip", "deflate", "x-gzip", "br", "zstd", "compress", "gzip, gzip", "identity, gzip",
		"aws-chunked")
	headers := []string{"Content-Type: application/json", "Content-Encoding: " + name}
	if d.IntN(4) == 0 {
		headers = headers[:1]
	}
	var packed bytes.Buffer
	var to io.WriteCloser
	switch d.IntN(3) {
	case 0:
		to = gzip.NewWriter(&packed)
	case 1:
		to = zlib.NewWriter(&packed)
	default:
		flat, err := flate.NewWriter(&packed, flate.BestSpeed)
		if err != nil {
			panic(err) // the level is one of the library's own
		}
		to = flat
	}
	// A buffer takes everything.
	_, _ = to.Write([]byte(text))
	_ = to.Close()
	return Shot{
		Pieces: [][]byte{d.request("POST "+d.path(), packed.Bytes(), headers...)}, Body: packed.Bytes(),
		Owed: Owed{Codes: []int{400, 415}, Problem: true},
	}
}
