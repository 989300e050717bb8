// Package certfile reads files that can hold certificates.
//
// A [Source] walks files and folders in a fixed order and gives every regular
// file exactly one record of its outcome. What is in a file is told by its
// content and never by its name: each container has one file here and one line
// in containers, and says how it is recognised and how it is read. A container
// that is recognised and that this version does not read is not assessed; it
// is never taken for a file without certificates.
package certfile
