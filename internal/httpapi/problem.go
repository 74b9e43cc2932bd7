package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// fieldError says which part of a request is wrong.
type fieldError struct{ field, text string }

// Error returns the field and what is wrong with it.
func (e *fieldError) Error() string { return e.field + ": " + e.text }

func wrong(field, format string, args ...any) *fieldError {
	return &fieldError{field, fmt.Sprintf(format, args...)}
}

// refuse answers with an error that names the field (RFC 9457).
func refuse(w http.ResponseWriter, e *fieldError) {
	write(w, http.StatusBadRequest, "application/problem+json", map[string]any{
		"type": "about:blank", "title": http.StatusText(http.StatusBadRequest),
		"status": http.StatusBadRequest, "detail": e.Error(), "field": e.field,
	})
}

// fail answers with what became of a question or a word about a signal or the
// control mode. A word that was not answered may have been written all the same.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	var field *fieldError
	switch {
	case errors.As(err, &field):
		refuse(w, field)
	case errors.Is(err, pgledger.ErrNoSignal):
		problem(w, http.StatusNotFound, err.Error())
	case errors.Is(err, pgledger.ErrMoved), errors.Is(err, pgledger.ErrNoArrow):
		problem(w, http.StatusConflict, err.Error())
	case r.Method != http.MethodGet:
		problem(w, http.StatusServiceUnavailable,
			err.Error()+"; whether it was carried out is not known: read it again")
	default:
		problem(w, http.StatusServiceUnavailable, err.Error())
	}
}

// signalOf reads the signal's number from the path.
func signalOf(r *http.Request) (core.SignalID, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, wrong("id", "%q is no signal's number", r.PathValue("id"))
	}
	return core.SignalID(id), nil
}

// limitOf reads how many rows are wanted.
func limitOf(r *http.Request, usual int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostHistory {
		return 0, wrong("limit", "a number from 1 to %d", mostHistory)
	}
	return n, nil
}

// understand reads a command; the error names the field that is wrong.
func understand(w http.ResponseWriter, r *http.Request, into any) error {
	reader := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCommand))
	reader.DisallowUnknownFields()
	err := reader.Decode(into)
	if err == nil {
		return nil
	}
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		return wrong(kind.Field, "must be a %v, not a %s", kind.Type, kind.Value)
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		if field, err := strconv.Unquote(name); err == nil {
			return wrong(field, "unknown")
		}
	}
	return wrong("body", "%v", err)
}

// signed refuses what nobody signed. The name of the reason is the command's.
func signed(by, reason, name string) error {
	if strings.TrimSpace(by) == "" {
		return wrong("by", "missing: who says so?")
	}
	if strings.TrimSpace(reason) == "" {
		return wrong(name, "missing: why?")
	}
	return nil
}
