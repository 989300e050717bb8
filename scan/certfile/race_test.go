//go:build race

package certfile

// raceDetector multiplies what memory a test needs.
const raceDetector = true
