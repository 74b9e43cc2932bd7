// Package doctor looks at what an instance rests on, before it has to rest on
// it: the settings, the clocks, both stores, the broker, and the files that hold
// secrets. It changes nothing.
//
// What is read and what is made of it are kept apart. A reading is a plain
// value; its judgement is a function of it and of the settings, and each
// judgement says what was found, what that means, and what to do about it. A
// store that does not answer is a judgement too, and every question is bounded
// in time.
//
// A fail is something under which fencepost does not work, or loses what it
// promised to keep; a warn is something that it survives, at a price.
package doctor
