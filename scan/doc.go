// Package scan turns targets into facts, and facts into evidence.
//
// A [Target] is what the user asked for. A [Source] turns it into units of
// work (one file, one endpoint); [Run] observes them, several at a time, and
// writes one [Record] for everything found, in target order, whatever the
// number of workers. Trouble is a record too: a scan accounts for every target
// it was given, and nothing here says whether what was found is acceptable;
// package policies does that.
//
// The records are written as JSON Lines ([Writer]) and read back ([Reader]).
// The reader treats the file as hostile: it is bounded, its digest is checked,
// and every certificate fact is derived again from the DER beside it.
//
// The field names of evidence are stable within one [Schema]. Fields may be
// added; a reader keeps and counts those that it does not know.
package scan
