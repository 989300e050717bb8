//go:build !race

package certfile

const raceDetector = false
