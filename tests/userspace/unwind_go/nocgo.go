// SPDX-License-Identifier: GPL-2.0

//go:build !cgo

package main

func cgo(n int) {}
