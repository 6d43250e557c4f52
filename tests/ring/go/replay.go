// SPDX-License-Identifier: GPL-2.0

package main

import (
	"bufio"
	"errors"
	"io"
	"math"
	"runtime"
	"strconv"
)

// Tags in this range could look like addresses in Go's heap.
const (
	tagGapStart = 1 << 39
	tagGapEnd   = 1 << 63
)

// player executes traces.
type player struct {
	*trace
	out     *bufio.Writer
	number  []byte
	buf     runtime.ProfBuf
	any     bool
	skip    bool
	reader  *reader
	open    bool    // a bread waits for its join
	asleep  bool    // and its read sleeps
	blocked *result // or has returned this

	hdr []uint64
	stk []uintptr
	tag uintptr
}

func (p *player) text(s string) {
	p.out.WriteString(s)
}

func (p *player) value(v uint64) {
	p.number = strconv.AppendUint(append(p.number[:0], ' '), v, 10)
	p.out.Write(p.number)
}

func (p *player) offset(o runtime.ProfBufOffset) {
	p.value(uint64(o.Data))
	p.value(uint64(o.Tag))
}

func (p *player) flag(b bool) {
	if b {
		p.value(1)
	} else {
		p.value(0)
	}
}

func (p *player) endLine() {
	p.out.WriteByte('\n')
}

// thrown answers a throw, and skips the rest of the trace.
func (p *player) thrown(code string) bool {
	if code == "" {
		return false
	}
	p.text("throw ")
	p.text(code)
	p.endLine()
	p.skip = true
	if p.open && p.blocked == nil {
		// What threw was to wake the reader.
		caught(p.buf.Close)
		<-p.reader.done
	}
	p.open = false
	return true
}

func (p *player) result(res result) {
	if p.thrown(res.thrown) {
		return
	}
	p.text("r")
	p.flag(res.eof)
	p.value(uint64(len(res.data)))
	for _, word := range res.data {
		p.value(word)
	}
	p.value(uint64(len(res.tags)))
	for _, tag := range res.tags {
		p.value(uint64(tag))
	}
	p.endLine()
}

func (p *player) new() {
	if p.open {
		p.fail("new before join")
	}
	p.any, p.skip = true, false
	word := p.word("HDR")
	if string(word) == "nil" {
		p.end()
		p.buf = runtime.ProfBuf{}
		p.text("n 0 0\n")
		return
	}
	hdr, words, tags := p.signedWord("HDR", word), p.signed("WORDS"), p.signed("TAGS")
	if hdr < 0 {
		p.fail("HDR is negative: %d", hdr)
	}
	var data, tag uint64
	if p.more {
		data, tag = p.unsigned("D", math.MaxUint32), p.unsigned("T", 1<<30-1)
	}
	p.end()
	if p.thrown(caught(func() { p.buf = runtime.NewProfBuf(int(hdr), int(words), int(tags)) })) {
		return
	}
	p.buf.Start(uint32(data), uint32(tag))
	dataLen, tagLen := p.buf.Lengths()
	p.text("n")
	p.value(uint64(dataLen))
	p.value(uint64(tagLen))
	p.endLine()
}

// write executes the rest of a write command count times.
func (p *player) write(count uint64) {
	now := p.signed("TIME")
	tag := &p.tag
	if word := p.word("TAG"); string(word) == "-" {
		tag = nil
	} else {
		p.tag = uintptr(p.unsignedWord("TAG", word, math.MaxUint64))
		if p.tag >= tagGapStart && p.tag < tagGapEnd {
			p.fail("TAG could be an address in Go's heap: %d", p.tag)
		}
	}
	if string(p.word("H")) != "H" {
		p.fail("H expected")
	}
	p.hdr = list(p.trace, p.hdr[:0], "header word or S", 'S')
	p.stk = list(p.trace, p.stk[:0], "stack word", 0)

	p.writing(count == 1)
	var records uint64
	thrown := caught(func() {
		for ; count > 0; count-- {
			before := p.buf.Written().Tag
			p.buf.Write(tag, now, p.hdr, p.stk)
			records += uint64((p.buf.Written().Tag - before) & (1<<30 - 1))
			now++
		}
	})
	if p.thrown(thrown) {
		return
	}
	p.text("w")
	p.value(records)
	p.endLine()
}

// writing checks the rules between bread and join for a command that wakes.
func (p *player) writing(once bool) {
	if !p.open {
		return
	}
	if !once || !p.asleep {
		p.fail("between bread and join may be one write, rep 1 or close, and only if the read sleeps")
	}
	p.asleep = false
}

func (p *player) notNil() {
	if p.buf.IsNil() {
		p.fail("not for a nil buffer")
	}
}

func (p *player) notOpen() {
	if p.open {
		p.fail("not between bread and join")
	}
}

func (p *player) command(name string) {
	switch name {
	case "write":
		p.write(1)
	case "rep":
		count := p.unsigned("COUNT", math.MaxUint64)
		if string(p.word("write")) != "write" {
			p.fail("write expected")
		}
		p.write(count)
	case "read":
		p.end()
		p.notOpen()
		p.result(read(p.buf, false))
	case "drain":
		p.end()
		p.notOpen()
		for !p.skip {
			res := read(p.buf, false)
			p.result(res)
			if len(res.data) == 0 {
				break
			}
		}
	case "close":
		p.end()
		p.notNil()
		p.writing(true)
		if !p.thrown(caught(p.buf.Close)) {
			p.text("c\n")
		}
	case "bread":
		p.end()
		p.notOpen()
		p.blocked = p.reader.start(p.buf)
		p.open, p.asleep = true, p.blocked == nil
		p.text("b\n")
	case "join":
		p.end()
		if !p.open || p.asleep {
			p.fail("join without a read that returns")
		}
		if p.blocked == nil {
			res := <-p.reader.done
			p.blocked = &res
		}
		p.open = false
		p.result(*p.blocked)
	case "ovf":
		count := p.unsigned("COUNT", math.MaxUint32)
		p.end()
		p.notNil()
		p.notOpen()
		p.text("o")
		p.value(uint64(p.buf.SetOverflow(uint32(count))))
		p.endLine()
	case "state":
		p.end()
		p.notNil()
		if p.open && !p.asleep {
			p.fail("state between bread and join, but the read does not sleep")
		}
		s := p.buf.State()
		p.text("s")
		p.offset(s.R)
		p.offset(s.RNext)
		p.offset(s.W)
		p.flag(s.Extra)
		p.value(uint64(s.Sequence))
		p.value(uint64(s.Count))
		p.value(s.OverflowTime)
		p.flag(s.EOF)
		p.endLine()
	default:
		p.fail("unknown command %q", name)
	}
}

func (p *player) run() (err error) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case malformed:
			err = errors.New(string(reason))
		default:
			panic(reason)
		}
	}()
	for {
		more, err := p.next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		name := string(p.word("command"))
		if name == "new" {
			p.new()
		} else if !p.any {
			p.fail("%q before the first new", name)
		} else if !p.skip {
			p.command(name)
		}
	}
	if p.open {
		p.fail("the trace ends before join")
	}
	return nil
}

func replay(in io.Reader, out io.Writer) error {
	// The two goroutines take turns; a second processor would only look for work.
	runtime.GOMAXPROCS(1)
	catchThrows()
	p := &player{trace: newTrace(in), out: bufio.NewWriterSize(out, 1<<20), reader: newReader()}
	err := p.run()
	if flushed := p.out.Flush(); err == nil {
		err = flushed
	}
	return err
}
