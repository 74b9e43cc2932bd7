package assault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// replayed sends what is stored already, as it was and under another body.
func replayed(d *Draw) Shot {
	if d.IntN(2) == 0 {
		return d.post(d.Stored, Owed{Codes: []int{200, 409}})
	}
	owed := Owed{Codes: []int{409}, Problem: true, Field: "signal_id"}
	return d.post(d.Stored+strings.Repeat(" ", d.between(1, 200)), owed)
}

// signature returns the headers by which a body is signed, none where nothing is.
func (d *Draw) signature(body []byte) []string {
	if d.Secret == "" {
		return nil
	}
	return d.signedAs("msg-"+d.Mark, strconv.FormatInt(d.Now, 10), body, d.Secret)
}

func (d *Draw) signedAs(id, at string, body []byte, secret string) []string {
	return []string{
		"webhook-id: " + id, "webhook-timestamp: " + at, "webhook-signature: v1," + Sign(secret, id, at,
			body),
	}
}

// Sign returns the signature of a body by the convention of Standard Webhooks. The
// secret's text is whsec_ and base64; one that is neither is taken as it is.
func Sign(secret, id, at string, body []byte) string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		key = []byte(secret)
	}
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(id + "." + at + "."))
	sum.Write(body)
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// forged signs a right body wrongly.
func forged(d *Draw) Shot {
	body := []byte(d.object(d.signal()))
	id, now := "msg-"+d.Mark, strconv.FormatInt(d.Now, 10)
	good := d.signedAs(id, now, body, d.Secret)
	with := func(i int, value string) []string {
		list := append([]string{}, good...)
		name, _, _ := strings.Cut(list[i], ":")
		list[i] = name + ": " + value
		return list
	}
	signature := Sign(d.Secret, id, now, body)
	headers := pick(d,
		nil, good[:2], good[1:], []string{good[0], good[2]}, with(0, id+"x"),
		with(1, strconv.FormatInt(d.Now+1, 10)),
		with(1, "0"), with(1, "-1"), with(1, "99999999999999999999"), with(1, now+".0"), with(1, "soon"),
		with(2, "v1,"),
		with(2, "v2,"+signature), with(2, signature), with(2, "v1,"+signature[:len(signature)-4]),
		with(2, "v1,????"),
		with(2, "v1a,"+signature), with(2, strings.Repeat("v1,"+Sign("x", id, now, body)+" ", 200)),
		d.signedAs(id, now, append(body, ' '), d.Secret), d.signedAs(id, now, nil, d.Secret),
		d.signedAs(id, strconv.FormatInt(d.Now-3600, 10), body, d.Secret),
		d.signedAs(id, strconv.FormatInt(d.Now+3600, 10), body, d.Secret),
		d.signedAs(id, now, body, "whsec_"+base64.StdEncoding.EncodeToString([]byte(d.Mark))),
		d.signedAs(id, now, body, ""), append(append([]string{}, good[:2]...),
			"webhook-signature: v1,"+good[2]),
	)
	// The request is written without a signature of its own.
	bare := &Draw{Rand: d.Rand, Site: &Site{Host: d.Host, Token: d.Token}, Mark: d.Mark}
	headers = append([]string{"Content-Type: application/json"}, headers...)
	return Shot{
		Pieces: [][]byte{bare.request("POST "+d.path(), body, headers...)},
		Owed:   Owed{Codes: []int{400, 401, 403}},
	}
}
