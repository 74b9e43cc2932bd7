package assault

import (
	"fmt"
	"time"
)

// late is what is owed to a sender that does not come to an end.
func late() Owed { return Owed{Codes: []int{400, 408}, Drop: true} }

// gap is how long such a sender waits between two pieces.
func (d *Draw) gap() time.Duration { return time.Duration(d.between(50, 400)) * time.Millisecond }

// slowHeaders sends a header at a time, and never the last.
func slowHeaders(d *Draw) Shot {
	pieces := [][]byte{[]byte("POST " + d.path() + " HTTP/1.1\r\nHost: " + d.Host + "\r\n")}
	for i := range 40 {
		pieces = append(pieces, fmt.Appendf(nil, "X-%d: %s\r\n", i, d.Mark))
	}
	return Shot{Pieces: pieces, Gap: d.gap(), Waits: true, Owed: late()}
}

// slowBody sends a byte at a time.
func slowBody(d *Draw) Shot {
	text := d.object(d.signal())
	whole := d.request("POST "+d.path(), []byte(text), "Content-Type: application/json")
	head := whole[:len(whole)-len(text)]
	pieces := [][]byte{head}
	for i := range min(len(text), 60) {
		pieces = append(pieces, []byte{text[i]})
	}
	return Shot{Pieces: pieces, Gap: d.gap(), Waits: true, Owed: late()}
}

// halfOpen connects, says nothing or half of something, and waits.
func halfOpen(d *Draw) Shot {
	whole := d.request("POST "+d.path(), []byte(d.object(d.signal())), "Content-Type: application/json")
	said := pick(d, nil, whole[:d.IntN(len(whole))], []byte("P"), []byte("POST / HTTP/1.1\r\nHost: x\r\n"))
	shot := Shot{Waits: true, Owed: late()}
	if said != nil {
		shot.Pieces = [][]byte{said}
	}
	return shot
}

// earlyClose leaves in the middle, or before the answer to a body that is wrong.
func earlyClose(d *Draw) Shot {
	text := d.object(d.signal())
	whole := d.request("POST "+d.path(), []byte(text), "Content-Type: application/json")
	cut := d.IntN(len(whole))
	if d.IntN(2) == 0 {
		whole = d.request("POST "+d.path(), []byte(text[:len(text)-1]), "Content-Type: application/json")
		cut = len(whole)
	}
	return Shot{Pieces: [][]byte{whole[:cut]}, Leaves: true}
}
