package study

import (
	"errors"
	"fmt"
)

// Code classes an application error for whoever has to act on it. One table
// maps codes to exit codes and to the errors of every protocol.
type Code string

// The codes.
const (
	Invalid     Code = "invalid"     // the request is wrong; repeating it does not help
	NotFound    Code = "not_found"   // there is no such study, trial or lease
	Conflict    Code = "conflict"    // the state does not allow it (already told, ended, exists)
	Fenced      Code = "fenced"      // a newer attempt or owner has taken over; stop what you do
	Unavailable Code = "unavailable" // not now; the same request may succeed later
	Internal    Code = "internal"    // afina's own fault
)

// Error is an error that a user can act on: what happened, and what to do.
type Error struct {
	Code    Code
	Message string
	Hint    string
	Err     error // the cause, or nil
}

// Error returns the message, the cause and the hint in one line.
func (e *Error) Error() string {
	text := e.Message
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an [Error] with a formatted message. The hint may be "".
func Errorf(code Code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of the first [Error] in err's chain, [Internal]
// where there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
