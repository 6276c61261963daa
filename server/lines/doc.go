// Package lines is ask and tell over JSON lines: one object a line in, one a
// line out, answers in the order of the questions. It is what `afina serve
// --stdio` speaks on its standard streams, and what a running study listens to
// on its control socket.
//
// A line that is wrong gets an answer with an error and the stream goes on. A
// field "id" is echoed. The operations and their fields are in
// docs/serve-stdio.md; the tests hold that page and this package together.
package lines
