package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"

	"fencepost/internal/intake/payload"
	"fencepost/internal/intake/signature"
)

// comesFromASource finds the source, and refuses strangers before anything of
// their body is read.
func (h *Handler) comesFromASource(q *request) bool {
	token := q.PathValue("token")
	if token == "" {
		return q.sendAway(Problem{
			Status: http.StatusNotFound, Field: "path", Detail: "webhooks go to POST /webhook/{token}",
		})
	}
	if q.Method != http.MethodPost {
		q.w.Header().Set("Allow", http.MethodPost)
		return q.sendAway(Problem{
			Status: http.StatusMethodNotAllowed, Field: "method", Detail: "webhooks are sent by POST",
		})
	}
	name, ok := h.tokens.source(token)
	if !ok {
		return q.sendAway(Problem{
			Status: http.StatusNotFound, Field: "token", Detail: "no source has this token",
		})
	}
	s := h.sources[name]
	q.source, q.seen.Source = s, name
	if len(s.Addresses) > 0 && !s.Addresses.Holds(q.seen.Address) {
		return q.sendAway(Problem{
			Status: http.StatusForbidden, Field: "address",
			Detail: fmt.Sprintf("%v is no address of this source", q.seen.Address),
		})
	}
	h.opt.Known(q.Context())
	return true
}

// sendAway refuses a stranger and closes the connection: nothing more is read
// from it. It returns false.
func (q *request) sendAway(p Problem) bool {
	q.w.Header().Set("Connection", "close")
	return q.refuse(p)
}

// isReadable refuses a body of a kind that is not read.
func (q *request) isReadable() bool {
	if q.Header.Get("Content-Encoding") != "" {
		return q.refuse(Problem{
			Status: http.StatusUnsupportedMediaType, Field: "Content-Encoding", Detail: "must be left out",
		})
	}
	declared := q.Header.Get("Content-Type")
	if declared == "" {
		return true
	}
	kind, parameters, err := mime.ParseMediaType(declared)
	charset := strings.ToLower(parameters["charset"])
	switch {
	case err != nil || kind != "application/json" && kind != "text/plain":
		return q.refuse(Problem{
			Status: http.StatusUnsupportedMediaType, Field: "Content-Type",
			Detail: "must be application/json, or text/plain with JSON in it",
		})
	case charset != "" && charset != "utf-8" && charset != "us-ascii":
		return q.refuse(Problem{
			Status: http.StatusUnsupportedMediaType, Field: "Content-Type", Detail: "must be in UTF-8",
		})
	default:
		return true
	}
}

// isRecent reads the headers of a signed request, before its body.
func (h *Handler) isRecent(q *request) bool {
	if len(q.source.Secrets) == 0 {
		return true
	}
	claim, err := signature.Parse(q.Header)
	if err == nil {
		err = claim.Recent(h.opt.Now(), q.source.SignedWithin)
	}
	if err != nil {
		return q.refuseSignature(err)
	}
	q.claim = claim
	return true
}

// refuseSignature answers what is wrong with a signature or its headers.
func (q *request) refuseSignature(err error) bool {
	p := Problem{Status: http.StatusUnauthorized, Detail: err.Error()}
	var wrong *signature.Error
	if errors.As(err, &wrong) {
		p.Field, p.Detail = wrong.Field, wrong.Reason
	}
	q.w.Header().Set("WWW-Authenticate", "StandardWebhooks")
	return q.refuse(p)
}

// readBody reads the body within its limits of size and time. One that is too
// slow may be sent again, as 408 says (RFC 9110, 15.5.9).
func (q *request) readBody() ([]byte, bool) {
	// Not every writer has deadlines; the server's own then bound the reading.
	_ = http.NewResponseController(q.w).SetReadDeadline(time.Now().Add(readTime))
	body, err := io.ReadAll(http.MaxBytesReader(q.w, q.Body, payload.MaxBody))
	var long *http.MaxBytesError
	switch {
	case err == nil:
		return body, true
	case errors.As(err, &long):
		return nil, q.refuse(Problem{
			Status: http.StatusRequestEntityTooLarge, Field: "body",
			Detail: fmt.Sprintf("has more than %d bytes", payload.MaxBody),
		})
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, q.sendAway(Problem{
			Status: http.StatusRequestTimeout, Field: "body",
			Detail: "did not arrive in time; send it again",
		})
	default:
		return nil, q.sendAway(Problem{
			Status: http.StatusBadRequest, Field: "body",
			Detail: "ended too early, or was cut into pieces wrongly",
		})
	}
}

// isGenuine verifies the signature, and refuses a body that would carry a secret
// into the ledger.
func (q *request) isGenuine(body []byte) bool {
	if q.claim != nil {
		if err := q.claim.Verify(body, q.source.Secrets); err != nil {
			return q.refuseSignature(err)
		}
	}
	if q.source.isToldBy(body) {
		return q.refuse(Problem{
			Status: http.StatusBadRequest, Field: "body",
			Detail: "holds a token or a secret of this source, which would be stored",
		})
	}
	return true
}

// isToldBy reports whether a body holds one of the source's secrets, also where
// JSON writes it in another way.
func (s *source) isToldBy(body []byte) bool {
	if s.holdsPrivate(string(body)) {
		return true
	}
	if !bytes.ContainsRune(body, '\\') {
		return false
	}
	for words := json.NewDecoder(bytes.NewReader(body)); ; {
		word, err := words.Token()
		if err != nil {
			return false
		}
		if text, ok := word.(string); ok && s.holdsPrivate(text) {
			return true
		}
	}
}

// holdsPrivate reports whether a text holds one of the source's secrets.
func (s *source) holdsPrivate(text string) bool {
	for _, private := range s.Private {
		if private != "" && strings.Contains(text, private) {
			return true
		}
	}
	return false
}

// mostSaid is how many characters of a text are told of a request.
const mostSaid = 256

// scrub makes what is told of a request short and plain.
func (s *Seen) scrub() {
	for _, text := range []*string{&s.Key, &s.Type, &s.Field, &s.Problem} {
		*text = strings.Map(func(c rune) rune {
			if unicode.IsPrint(c) {
				return c
			}
			return '?'
		}, *text)
		if runes := []rune(*text); len(runes) > mostSaid {
			*text = string(runes[:mostSaid]) + "..."
		}
	}
}

// problemOf turns an error of the parser into an answer.
func problemOf(err error) Problem {
	p := Problem{Status: http.StatusBadRequest, Field: "body", Detail: err.Error()}
	var field *payload.FieldError
	if errors.As(err, &field) && field.Field != "" {
		p.Field, p.Detail = field.Field, field.Reason
	}
	return p
}
