// SPDX-License-Identifier: GPL-2.0
// The browser: offline, without a window, and whoever looks for a graphics card finds none.
"use strict";

const { chromium } = require(process.env.BROWSER_MODULES + "/playwright-core");

const args = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	// speedscope draws with WebGL, without a graphics card in software.
	"--enable-unsafe-swiftshader",
];

async function launch()
{
	return chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args });
}

module.exports = { launch };
