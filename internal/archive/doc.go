// Package archive moves the payloads of signals that ended long ago out of the
// ledger into a file.
//
// What a signal was, its key, its attempts and its events stay: the key is what
// makes a repetition a duplicate for ever, the rest is what the chain of events
// proves, and a row that is gone can neither be proved nor missed. The body that a
// sender sent is needed by neither; of a signal it is the only part whose length a
// sender decides. So it goes into the file, with all that the ledger says of the
// signal, and the row keeps an empty one. That it was emptied, by whom and when,
// is an event like any other, which takes about a kilobyte: shorter bodies are
// left where they are.
//
// Nobody but the tables' owner can do it. The schema lets nobody change what was
// acknowledged; the rule is set aside within one short transaction that holds the
// table's lock, so that nobody else ever sees it set aside. The file is on disk
// before any body is emptied.
package archive
