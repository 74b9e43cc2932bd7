// Package story tells a person what became of one signal, in plain words: when
// it came and what its sender was told, who was permitted to send its order and
// until when, what the broker said, what people decided, where it stands, and
// what happens next or is to be done.
//
// It is a function of rows of the ledger and of what is in force at the moment;
// it asks nobody. What the rows do not hold it does not tell: an attempt that
// was permitted several times shows its first and its last permit, and a
// delivery that was repeated leaves no trace in the row that it was answered
// from.
//
// The words in which a person resolves a doubt, and the phrase that confirms
// them, have their home here too.
package story
