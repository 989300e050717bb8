// Package report turns evidence and policies into an audit, and states what
// every report says of it.
//
// [Build] reads the evidence twice: once to index the estate, once to judge
// each unit in order. The [Audit] that it returns holds totals in memory and
// pulls everything large (findings, inventory, endpoints, what was not
// assessed) from disk, in one fixed order, as often as a [Format] ranges over
// it. The same evidence, policies, as-of and options give the same Audit, and
// a Format given the same Audit writes the same bytes: nothing here reads the
// clock, the environment or the network.
package report
