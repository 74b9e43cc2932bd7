package assault

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// turnedAway is what is owed for a request that is none to the webhook.
func turnedAway(codes ...int) Owed { return Owed{Codes: codes} }

// wrongMethod sends a right body by another method.
func wrongMethod(d *Draw) Shot {
	method := pick(d, "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "Post", "PROPFIND",
		"FOO", "M-SEARCH",
		"POSTS", "CONNECT")
	return Shot{
		Pieces: [][]byte{d.request(method+" "+d.path(), []byte(d.object(d.signal())),
			"Content-Type: application/json")},
		Owed: Owed{Codes: []int{404, 405}, Problem: true},
	}
}

// wrongPath sends a right body to another place. Some of these places are the
// webhook's, for a server that tidies paths; it may say so, by a redirect, and must
// not take the body under another name.
func wrongPath(d *Draw) Shot {
	p := d.path()
	path := pick(d,
		"/", "/webhook", "/webhook/", p+"/", p+"/x", "/webhook//"+d.Token, "//webhook/"+d.Token,
		"/./webhook/"+d.Token,
		"/x/../webhook/"+d.Token, "/webhook/..%2f"+d.Token, "/webhook/%2e%2e/"+d.Token, "/Webhook/"+d.Token,
		"/WEBHOOK/"+d.Token, "/webhooks/"+d.Token, "/webhook;a=b/"+d.Token, "/webhook/"+d.Token+"%00",
		"/webhook\\"+d.Token,
		"/webhook%2f"+d.Token, "/v1/leader/step-down", "/v1/status", "/coordinator/leader", "/metrics",
		"/debug/pprof/",
		"/test/hold", "/.git/config", "/webhook/"+d.Token+"/../../v1/status", "*", "webhook/"+d.Token,
		p+"%20", p+"%0a",
		"/"+d.Mark, "/livez/", "/readyz?x", "/%", "/%zz", "/webhook/%ff%fe", "/favicon.ico")
	return Shot{
		Pieces: [][]byte{d.request("POST "+path, []byte(d.object(d.signal())),
			"Content-Type: application/json")},
		Owed: turnedAway(301, 307, 308, 400, 403, 404, 405),
	}
}

// wrongToken is almost right.
func wrongToken(d *Draw) Shot {
	t := d.Token
	at := d.IntN(len(t))
	flipped := []byte(t)
	flipped[at] ^= 1
	swapped := strings.ToLower(t)
	if swapped == t {
		swapped = strings.ToUpper(t)
	}
	token := pick(d,
		t[:at]+"0"+t[at:], t[:len(t)-1], t[1:], t+t, t+"x", swapped, string(flipped), "x", "null",
		"undefined", "' OR '1'='1",
		"admin", t+"\x00", t+"%00", t+" ", strings.Repeat(t, 20), "*", "%", t[:len(t)/2], d.Mark, "../"+t,
		t+"\n")
	if token == t {
		token += "x"
	}
	escaped := token
	if d.IntN(2) == 0 || strings.ContainsAny(token, " \n\x00/") {
		escaped = url.PathEscape(token)
	}
	return Shot{
		Pieces: [][]byte{
			d.request("POST /webhook/"+escaped, []byte(d.object(d.signal())),
				"Content-Type: application/json"),
		},
		Owed: turnedAway(301, 307, 308, 400, 401, 403, 404),
	}
}

// headerFlood sends more headers than anybody needs, with a body that is wrong
// too: a server that reads them all has something to refuse.
func headerFlood(d *Draw) Shot {
	headers := []string{"Content-Type: application/json"}
	switch d.IntN(4) {
	case 0:
		for i := range d.between(500, 4000) {
			headers = append(headers, fmt.Sprintf("X-Flood-%d: %s", i, d.Mark))
		}
	case 1:
		headers = append(headers, "X-Flood: "+strings.Repeat("f", d.between(20_000, 200_000)))
	case 2:
		headers = append(headers, strings.Repeat("X", d.between(20_000, 100_000))+": 1")
	default:
		for range d.between(200, 2000) {
			headers = append(headers, "Cookie: a="+d.Mark)
		}
	}
	owed := turnedAway(400, http.StatusRequestHeaderFieldsTooLarge)
	owed.Drop = true
	return Shot{Pieces: [][]byte{d.request("POST "+d.path(), []byte("{}"), headers...)}, Owed: owed}
}

// longURL asks for a very long path, or a query of many parts.
func longURL(d *Draw) Shot {
	n := d.between(2_000, 120_000)
	path := pick(d, d.path()+"?q="+strings.Repeat("q", n), "/webhook/"+strings.Repeat(d.Token,
		n/len(d.Token)),
		d.path()+strings.Repeat("/x", n/2), d.path()+"?"+strings.Repeat("a=1&", n/4),
		d.path()+"#"+strings.Repeat("x", n),
		"/webhook/"+strings.Repeat("%41", n/3), d.path()+strings.Repeat("/..", n/3))
	owed := turnedAway(301, 307, 308, 400, 404, 414, http.StatusRequestHeaderFieldsTooLarge)
	owed.Drop = true
	return Shot{
		Pieces: [][]byte{d.request("POST "+path, []byte("{}"), "Content-Type: application/json")},
		Owed:   owed,
	}
}
