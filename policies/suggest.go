package policies

import "strings"

// DidYouMean ends a message about a word that is none of names: "; did you mean
// …?" for the nearest of them, or "" where none is near.
func DidYouMean(word string, names []string) string {
	if n := nearest(word, names); n != "" {
		return "; did you mean " + quote(n) + "?"
	}
	return ""
}

// nearest gives the name with the fewest edits from word, the first of equals;
// "" where a third of the word and more would have to change.
func nearest(word string, names []string) string {
	const longest = 64 // no name is longer, and the work grows with the square
	if word == "" || len(word) > longest {
		return ""
	}
	lower := strings.ToLower(word)
	best, bestEdits := "", max(1, len(word)/3)+1
	for _, n := range names {
		if e := edits(lower, strings.ToLower(n)); e < bestEdits {
			best, bestEdits = n, e
		}
	}
	return best
}

// edits counts the insertions, deletions, replacements and swaps of neighbours
// that lead from a to b (optimal string alignment).
func edits(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
