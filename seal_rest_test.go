package fencepost

import (
	"testing"
	"time"
)

func TestAnInstanceThatFindsNothingToSealAsksLessAndLessOften(t *testing.T) {
	t.Parallel()
	rest, asked := sealEvery, 0
	for passed := time.Duration(0); passed < time.Minute; asked++ {
		passed += rest
		rest = nextSeal(rest, false)
	}
	if asked > 11 || rest != sealRest {
		t.Errorf("it asked %d times in a quiet minute and rests %v", asked, rest)
	}
	if rest = nextSeal(rest, true); rest != sealEvery {
		t.Errorf("it rests %v when there was something to seal", rest)
	}
}
