// SPDX-License-Identifier: GPL-2.0

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
)

// trace reads a trace line by line, and the line word by word. A malformed line
// is a panic with a malformed.
type trace struct {
	in     *bufio.Reader
	long   []byte
	rest   []byte
	more   bool
	number int
}

type malformed string

func newTrace(r io.Reader) *trace {
	return &trace{in: bufio.NewReaderSize(r, 1<<20)}
}

func (t *trace) fail(format string, args ...any) {
	panic(malformed(fmt.Sprintf("line %d: %s", t.number, fmt.Sprintf(format, args...))))
}

func (t *trace) line() ([]byte, error) {
	line, err := t.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		t.long = t.long[:0]
		for err == bufio.ErrBufferFull {
			t.long = append(t.long, line...)
			line, err = t.in.ReadSlice('\n')
		}
		t.long = append(t.long, line...)
		line = t.long
	}
	if err == io.EOF && len(line) > 0 {
		return line, nil
	}
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// next goes to the next line that holds a command; false is the end.
func (t *trace) next() (bool, error) {
	for {
		line, err := t.line()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		t.number++
		if len(line) > 0 && line[0] != '#' {
			t.rest, t.more = line, true
			return true, nil
		}
	}
}

// word returns the next word of the line, which must have one.
func (t *trace) word(what string) []byte {
	if !t.more {
		t.fail("%s is missing", what)
	}
	word := t.rest
	space := bytes.IndexByte(word, ' ')
	if t.more = space >= 0; t.more {
		word, t.rest = word[:space], word[space+1:]
	}
	if len(word) == 0 {
		t.fail("%s is missing: words are separated by single spaces", what)
	}
	return word
}

// end checks that the line has no further word.
func (t *trace) end() {
	if t.more {
		t.fail("unexpected %q", t.rest)
	}
}

func digits(word []byte) (value uint64, ok bool) {
	for _, c := range word {
		digit := uint64(c) - '0'
		if digit > 9 || value > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		value = value*10 + digit
	}
	return value, len(word) > 0
}

func (t *trace) unsignedWord(what string, word []byte, max uint64) uint64 {
	value, ok := digits(word)
	if !ok {
		t.fail("%s is no number: %q", what, word)
	}
	if value > max {
		t.fail("%s is out of range: %d", what, value)
	}
	return value
}

func (t *trace) unsigned(what string, max uint64) uint64 {
	return t.unsignedWord(what, t.word(what), max)
}

func (t *trace) signedWord(what string, word []byte) int64 {
	if word[0] == '-' {
		return -int64(t.unsignedWord(what, word[1:], 1<<63))
	}
	return int64(t.unsignedWord(what, word, math.MaxInt64))
}

func (t *trace) signed(what string) int64 {
	return t.signedWord(what, t.word(what))
}

// list appends the numbers before the word end to list, or those before the
// end of the line if end is 0.
func list[T uint64 | uintptr](t *trace, list []T, what string, end byte) []T {
	for end != 0 || t.more {
		word := t.word(what)
		if end != 0 && len(word) == 1 && word[0] == end {
			break
		}
		list = append(list, T(t.unsignedWord(what, word, math.MaxUint64)))
	}
	return list
}
