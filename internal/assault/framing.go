package assault

import (
	"fmt"
	"strings"
)

// unspoken are the answers to a request that is framed wrongly. A redirect takes
// nothing. HTTP has 501 and 505 for a coding and for a version that a server does
// not speak (RFC 9110, 15.6); a sender would send the same again, so 400 is right.
func unspoken() Owed {
	return Owed{Codes: []int{301, 307, 308, 400, 404, 405, 408, 413, 415, 417, 431}, Drop: true}
}

// framing writes requests that two readers of HTTP would cut in two at different
// places, with another request where one of them sees a body. The bodies are wrong
// either way: whatever a server takes for a webhook, it must refuse.
func framing(d *Draw) Shot {
	wrong := d.object(set(d.signal(), "type", `"SMUGGLED"`))
	inner := string(d.request("POST "+d.path(), []byte(wrong), "Content-Type: application/json"))
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(wrong), wrong)
	head := "POST " + d.path() + " HTTP/1.1\r\nHost: " + d.Host + "\r\nContent-Type: application/json\r\n"
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	const te = "Transfer-Encoding: chunked\r\n"
	text := pick(d,
		// Two lengths.
		head+length(6)+te+"\r\n0\r\n\r\n"+inner,
		head+te+length(len(wrong))+"\r\n"+chunked+inner,
		head+length(len(wrong))+length(len(wrong)+len(inner))+"\r\n"+wrong+inner,
		head+"Content-Length: 5, 5\r\n\r\n"+wrong,
		head+"Content-Length: +"+fmt.Sprint(len(wrong))+"\r\n\r\n"+wrong+inner,
		head+"Content-Length : "+fmt.Sprint(len(wrong))+"\r\n\r\n"+wrong+inner,
		head+"Content-Length: 0x10\r\n\r\n"+wrong+inner, head+"Content-Length: -5\r\n\r\n"+wrong,
		head+"Content-Length:\r\n\r\n"+wrong+inner, head+"Content-Length: ０\r\n\r\n"+inner,
		// Codings that one reader knows and another does not.
		head+"Transfer-Encoding: xchunked\r\n"+length(len(wrong))+"\r\n"+wrong+inner,
		head+"Transfer-Encoding : chunked\r\n"+length(4)+"\r\n"+chunked+inner,
		head+"Transfer-Encoding: chunked, identity\r\n"+length(4)+"\r\n"+chunked+inner,
		head+"Transfer-Encoding: identity, chunked\r\n"+length(4)+"\r\n"+chunked+inner,
		head+"Transfer-Encoding:\x0bchunked\r\n"+length(4)+"\r\n"+chunked+inner,
		head+te+te+length(4)+"\r\n"+chunked+inner, head+"Transfer-Encoding: gzip\r\n\r\n"+chunked,
		head+"X: y\n"+te+length(4)+"\r\n"+chunked+inner,
		head+"Transfer-Encoding: \"chunked\"\r\n"+length(4)+"\r\n"+inner,
		strings.Replace(head, "1.1", "1.0", 1)+te+length(4)+"\r\n"+chunked+inner,
		// Chunks that are none.
		head+te+"\r\n-1\r\n"+wrong, head+te+"\r\nffffffffffffffffff\r\n"+wrong, head+te+"\r\n0x5\r\n"+wrong,
		head+te+"\r\n5;"+strings.Repeat("e=1;", 9000)+"\r\n{\"a\":\r\n0\r\n\r\n",
		head+te+"\r\n5\n{\"a\":\n0\n\n"+inner,
		head+te+"\r\n \r\n"+inner, head+te+"\r\n"+fmt.Sprintf("%x\r\n%sX\r\n0\r\n\r\n", len(wrong), wrong),
		head+te+"\r\n"+strings.TrimSuffix(chunked, "\r\n")+"Content-Length: 9\r\nHost: other\r\n\r\n"+inner,
		// Lines that end or go on otherwise.
		strings.ReplaceAll(head+length(len(wrong))+"\r\n", "\r\n", "\n")+wrong+inner,
		strings.ReplaceAll(head+length(len(wrong))+"\r\n", "\r\n", "\r")+wrong,
		head+"X-Folded: a\r\n b\r\n"+length(len(wrong))+"\r\n"+wrong,
		head+" Content-Length: 3\r\n\r\n"+wrong, head+"Content-Length\r\n\r\n"+wrong,
		head+": 5\r\n\r\n"+wrong,
		head+"X:\x00y\r\n"+length(len(wrong))+"\r\n"+wrong,
		head+"X\x7f: y\r\n"+length(len(wrong))+"\r\n"+wrong,
		head+length(len(wrong))+"\r\n"+wrong+wrong, head+"Expect: 200-ok\r\n"+length(len(wrong))+"\r\n"+wrong,
		head+"Connection: close, Content-Length\r\n"+length(len(wrong))+"\r\n"+wrong+inner,
		head+"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"+
			length(len(wrong))+"\r\n"+wrong,
	)
	return Shot{Pieces: [][]byte{[]byte(text)}, Owed: unspoken()}
}

// broken writes what is no HTTP, or hardly.
func broken(d *Draw) Shot {
	wrong := d.object(set(d.signal(), "type", `"BROKEN"`))
	rest := fmt.Sprintf("\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(wrong),
		wrong)
	noise := make([]byte, d.between(1, 3000))
	for i := range noise {
		noise[i] = byte(d.IntN(256))
	}
	text := pick(d,
		"POST "+d.path()+rest, "POST "+d.path()+" HTTP/1.1"+rest,
		"POST "+d.path()+" HTTP/9.9\r\nHost: x"+rest,
		"POST "+d.path()+" HTTP/2.0\r\nHost: x"+rest, "POST "+d.path()+" HTTP/1.1\r\nHost: a\r\nHost: b"+rest,
		"POST "+d.path()+" HTTP/1.1\r\nHost: a b"+rest, "POST "+d.path()+" http/1.1\r\nHost: x"+rest,
		"POST "+d.path()+" HTTP/1.1 x\r\nHost: x"+rest, "POST  "+d.path()+"  HTTP/1.1\r\nHost: x"+rest,
		"POST\t"+d.path()+"\tHTTP/1.1\r\nHost: x"+rest,
		"POST http://other.example"+d.path()+" HTTP/1.1\r\nHost: x"+rest,
		"POST http:///"+d.path()+" HTTP/1.1\r\nHost: x"+rest,
		"POST "+d.path()+" HTTP/1.1\r\nHost: x\r\n"+d.Mark+rest,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "GET /\r\n\r\n",
		"\r\n\r\n\r\n", "\x00",
		"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"+string(noise), string(noise)+"\r\n\r\n",
		"*1\r\n$4\r\nPING\r\n", "SSH-2.0-OpenSSH_9.6\r\n", "\x00\x00\x00\x08\x04\xd2\x16\x2f",
		"EHLO x\r\nQUIT\r\n",
		"POST "+d.path()+" HTTP/1.1\r\nHost: x\r\n\r\n"+wrong, strings.Repeat("POST ", 5000)+"\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\n\r\n",
	)
	owed := unspoken()
	return Shot{Pieces: [][]byte{[]byte(text)}, Owed: owed}
}
