// Package record is the JSON in which stores keep what happens to a study:
// events, configurations, metrics, lists of numbers, failures.
//
// It is not a general JSON package, and it knows no database. Its one idea is
// that these few shapes are written and read without reflection, because a
// store does it for every trial: reading a study of a hundred thousand trials
// is a matter of a second. Everything reads back exactly: a float as the same
// float, NaN and the infinities as the strings "NaN", "Infinity" and
// "-Infinity", nil and empty as what they were. Bytes that are not UTF-8
// become U+FFFD, and times outside the years 1678 to 2262 the nearest moment
// inside.
//
// What is read may be damaged: every function returns an error where it is,
// and none panics.
package record
