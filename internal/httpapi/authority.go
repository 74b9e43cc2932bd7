package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// authority answers with what both stores know, as long as one of them answers.
func (a *admin) authority(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	found := a.service.Authority(ctx)
	code := http.StatusOK
	if found.Ledger == nil && found.Witness == nil {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, found)
}

// acceptLimit bounds an acceptance, which may enter many lost epochs.
const acceptLimit = 20 * time.Second

// accept lets the group go on with a database that went back in time.
func (a *admin) accept(w http.ResponseWriter, r *http.Request) {
	var word Acceptance
	if !decode(w, r, &word) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), acceptLimit)
	defer cancel()
	switch done, err := a.service.AcceptAuthority(ctx, word); {
	case errors.Is(err, ErrAcceptance):
		problem(w, http.StatusBadRequest, err.Error())
	case err != nil:
		problem(w, http.StatusServiceUnavailable, err.Error())
	default:
		answer(w, http.StatusOK, done)
	}
}
