// SPDX-License-Identifier: GPL-2.0

// This file is added to package runtime when the oracle is built: it opens the
// runtime's own profBuf to a program. It names no type that differs between
// Go versions; fields whose type does are read as the words that they are.

package runtime

import "unsafe"

type ProfBuf struct {
	b *profBuf
}

func NewProfBuf(hdrsize, bufwords, tags int) ProfBuf {
	return ProfBuf{newProfBuf(hdrsize, bufwords, tags)}
}

func (p ProfBuf) IsNil() bool {
	return p.b == nil
}

func (p ProfBuf) Lengths() (data, tags int) {
	return len(p.b.data), len(p.b.tags)
}

// Start moves an empty buffer to the given offsets.
func (p ProfBuf) Start(data, tag uint32) {
	at := profIndex(tag)<<34 | profIndex(data)
	p.b.r.store(at)
	p.b.rNext = at
	p.b.w.store(at)
}

// Write passes tags as integers, which must not look like addresses in Go's heap.
func (p ProfBuf) Write(tag *uintptr, now int64, hdr []uint64, stk []uintptr) {
	p.b.write((*unsafe.Pointer)(unsafe.Pointer(tag)), now, hdr, stk)
}

func (p ProfBuf) Read(block bool) (data []uint64, tags []uintptr, eof bool) {
	mode := profBufNonBlocking
	if block {
		mode = profBufBlocking
	}
	data, ptrs, eof := p.b.read(mode)
	if len(ptrs) > 0 {
		tags = unsafe.Slice((*uintptr)(unsafe.Pointer(&ptrs[0])), len(ptrs))
	}
	return data, tags, eof
}

func (p ProfBuf) Close() {
	p.b.close()
}

func (p ProfBuf) overflow() *profAtomic {
	return (*profAtomic)(unsafe.Pointer(&p.b.overflow))
}

// SetOverflow sets the count of a pending overflow entry.
func (p ProfBuf) SetOverflow(count uint32) uint32 {
	old := p.overflow().load()
	if uint32(old) != 0 && count != 0 {
		old = old>>32<<32 | profIndex(count)
		p.overflow().store(old)
	}
	return uint32(old)
}

type ProfBufOffset struct {
	Data, Tag uint32
}

func offset(x profIndex) ProfBufOffset {
	return ProfBufOffset{x.dataCount(), x.tagCount()}
}

// Written is where w stands.
func (p ProfBuf) Written() ProfBufOffset {
	if p.b == nil {
		return ProfBufOffset{}
	}
	return offset(p.b.w.load())
}

type ProfBufState struct {
	R, RNext, W     ProfBufOffset
	Extra, EOF      bool
	Sequence, Count uint32
	OverflowTime    uint64
}

func (p ProfBuf) State() ProfBufState {
	overflow := p.overflow().load()
	return ProfBufState{
		R:            offset(p.b.r.load()),
		RNext:        offset(p.b.rNext),
		W:            offset(p.b.w.load()),
		Extra:        p.b.w.load()&profWriteExtra != 0,
		EOF:          *(*uint32)(unsafe.Pointer(&p.b.eof)) != 0,
		Sequence:     uint32(overflow >> 32),
		Count:        uint32(overflow),
		OverflowTime: uint64((*profAtomic)(unsafe.Pointer(&p.b.overflowTime)).load()),
	}
}

// A Goroutine names a goroutine that reads.
type Goroutine struct {
	g *g
}

func CurrentGoroutine() Goroutine {
	return Goroutine{getg()}
}

// Asleep tells whether reader sleeps in a blocking read, and not only for a
// wakeup that came before it. The sleeping flag alone does not tell: a discard
// or a close leaves it set. The note must be looked at before the status.
func (p ProfBuf) Asleep(reader Goroutine) bool {
	return p.b.w.load()&profReaderSleeping != 0 &&
		(*profAtomic)(unsafe.Pointer(&p.b.wait.key)).load() == 0 &&
		readgstatus(reader.g) == _Gsyscall
}

// A Throw is what a caught throw panics with.
type Throw string

// throwHook is called by throw, into which the overlay puts the call. As a
// variable it is out of sight of the compiler's checks for write barriers.
var throwHook func(string)

var throwers [2]*g

// CatchThrows makes every throw of the calling goroutine a panic.
func CatchThrows() {
	for i := range throwers {
		if throwers[i] == nil {
			throwers[i] = getg()
			break
		}
	}
	throwHook = panicInstead
}

func panicInstead(s string) {
	for _, gp := range throwers {
		if gp != nil && gp == getg() {
			panic(Throw(s))
		}
	}
}
