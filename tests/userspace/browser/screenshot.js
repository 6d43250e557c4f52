// SPDX-License-Identifier: GPL-2.0
// screenshot.js FILE.svg PICTURE.png: what a browser shows of a flame graph.
"use strict";

const path = require("path");
const { launch } = require("./chromium");

async function main(svg, picture)
{
	const browser = await launch();
	const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });

	await page.goto("file://" + path.resolve(svg));

	const height = await page.evaluate(() => document.documentElement.getBoundingClientRect().height);

	await page.setViewportSize({ width: 1200, height: Math.ceil(height) });
	await page.screenshot({ path: picture });
	await browser.close();
}

main(process.argv[2], process.argv[3]).catch((error) => {
	console.error(String(error));
	process.exit(1);
});
