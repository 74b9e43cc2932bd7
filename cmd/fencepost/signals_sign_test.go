package main

import (
	"net/http"
	"testing"
	"time"

	"fencepost"
	standard "fencepost/internal/intake/signature"
)

func TestSentSignalIsSignedAsItsSourceHasTo(t *testing.T) {
	source := fencepost.Source{SigningSecrets: []fencepost.Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}
	secrets, err := source.Secrets()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for range 2 {
		headers := http.Header{}
		if err := sign(headers, &source, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		claim, err := standard.Parse(headers)
		if err != nil {
			t.Fatal(err)
		}
		if err := claim.Recent(time.Now(), time.Minute); err != nil {
			t.Error(err)
		}
		if err := claim.Verify([]byte("{}"), secrets); err != nil {
			t.Error(err)
		}
		ids[claim.ID] = true
	}
	if len(ids) != 2 {
		t.Error("two webhooks have one id: the second would be answered from memory")
	}
	plain := http.Header{}
	if err := sign(plain, &fencepost.Source{}, []byte("{}")); err != nil || len(plain) != 0 {
		t.Errorf("%v, %v", plain, err)
	}
}
