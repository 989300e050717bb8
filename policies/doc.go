// Package policies judges facts. It holds the checks (one file each), reads
// policies from strict YAML, and decides every rule for one unit at a time.
//
// Callers load a [Set] with [Load] and ask [Set.Evaluate] for the results of
// one unit; package report walks the evidence and does the counting. The same
// unit, rules and as-of give the same results: no check reads a clock, a file
// or the network.
//
// Six results are kept apart. A check is asked only when every fact that it
// declares is present; where one is missing the evaluator answers NotAssessed
// itself, so that no check can mistake an absent fact for a false one.
package policies
