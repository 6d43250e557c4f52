// SPDX-License-Identifier: GPL-2.0
// The flame graph of the known profile, used as people do: by mouse and by keyboard.
"use strict";

const assert = require("assert").strict;
const fs = require("fs");
const path = require("path");
const { launch } = require("./chromium");
const { test, done } = require("./tap");

const directory = process.argv[2];
const file = (name) => path.join(directory, name);
const url = (name) => "file://" + file(name);

let browser;

// Opens a page, runs, and demands that the page had no errors and loaded nothing else.
async function visit(name, options, run)
{
	const context = await browser.newContext({
		viewport: { width: 1280, height: 700 }, offline: true, ...options });
	const page = await context.newPage();
	const troubles = [];

	page.on("pageerror", (error) => troubles.push(String(error)));
	page.on("console", (message) => {
		if (message.type() === "error")
			troubles.push(message.text());
	});
	page.on("request", (request) => {
		if (!request.url().startsWith("file://" + directory))
			troubles.push("asks for " + request.url());
	});
	await page.goto(url(name));
	await run(page);
	await context.close();
	assert.deepEqual(troubles, []);
}

// The frame whose title begins with a name.
function frame(page, name)
{
	return page.locator(".frames > g").filter({
		has: page.locator("title").filter({ hasText: new RegExp("^" + name + "\n") }) }).first();
}

// Of all frames, what can be seen of them.
function frames(page, root = "svg")
{
	return page.evaluate((selector) => {
		const svg = document.querySelector(selector);

		return Array.from(svg.querySelectorAll(".frames > g"), (g) => {
			const rect = g.querySelector("rect");
			const text = g.querySelector("text");

			return {
				name: g.querySelector("title").textContent.split("\n")[0],
				shown: getComputedStyle(g).display !== "none",
				x: Number(rect.getAttribute("x")),
				y: Number(rect.getAttribute("y")),
				width: Number(rect.getAttribute("width")),
				n: Number(g.getAttribute("data-n")),
				text: text ? text.textContent : "",
				textWidth: text ? text.getComputedTextLength() : 0,
				classes: Array.from(g.classList),
				fill: getComputedStyle(rect).fill,
				ink: text ? getComputedStyle(text).fill : null,
			};
		});
	}, root);
}

async function find(page, name)
{
	const found = (await frames(page)).find((f) => f.name === name);

	assert.ok(found, "no frame " + name);
	return found;
}

const details = (page) => page.locator(".details").textContent();
const matched = (page) => page.locator(".matched").textContent();
const focused = (page) => page.evaluate(() => {
	const title = document.activeElement.querySelector("title");

	return title ? title.textContent.split("\n")[0] : document.activeElement.className;
});

function assertTextFits(list)
{
	for (const f of list) {
		if (f.shown && f.text)
			assert.ok(f.textWidth <= f.width,
				  `"${f.text}" is ${f.textWidth} wide, its frame ${f.width}`);
	}
}

function assertWide(f)
{
	assert.ok(f.shown && f.width > 1200, `${f.name} is ${f.width} wide`);
}

// What the Web Content Accessibility Guidelines call contrast.
function luminance(colour)
{
	const [r, g, b] = colour.match(/\d+(\.\d+)?/g).slice(0, 3).map((v) => {
		const c = v / 255;

		return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	});

	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b)
{
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);

	return (high + 0.05) / (low + 0.05);
}

async function main()
{
	browser = await launch();

	await test("without scripts, all that fits can be read", () =>
		visit("flame.svg", { javaScriptEnabled: false }, async (page) => {
			const list = await frames(page);

			assertTextFits(list);
			for (const name of ["all", "server", "main", "worker", "__read", "vfs_read"])
				assert.equal((await find(page, name)).text, name);
			assert.match(await page.locator("svg").textContent(),
				     /979 samples, .*21 lost \(2\.1 %\) on CPUs 0, 3/);
			assert.equal(await page.locator("input").count(), 0);
			for (const f of list)
				assert.ok(f.width > 0, f.name);
		}));

	await test("every frame is below its caller and not wider", () =>
		visit("flame.svg", {}, async (page) => {
			const list = await frames(page);
			const all = list[0];

			for (const f of list)
				assert.ok(f.x >= all.x - 0.01 && f.x + f.width <= all.x + all.width + 0.01 && f.y <= all.y,
					  f.name);
			assert.ok((await find(page, "main")).y < (await find(page, "server")).y);
		}));

	await test("an icicle grows downwards", () =>
		visit("icicle.svg", {}, async (page) => {
			assert.ok((await find(page, "main")).y > (await find(page, "server")).y);
			await page.keyboard.press("Tab");
			await page.keyboard.press("ArrowDown");
			assert.equal(await focused(page), "server");
			await page.keyboard.press("ArrowUp");
			assert.equal(await focused(page), "all");
		}));

	await test("a click zooms, the button resets", () =>
		visit("flame.svg", {}, async (page) => {
			const before = await frames(page);

			await frame(page, "worker").click();
			assertWide(await find(page, "worker"));
			assertWide(await find(page, "server"));
			assert.ok((await find(page, "server")).classes.includes("above"));
			assert.equal((await find(page, "main")).shown, false);
			const vfs = await find(page, "vfs_read");
			assert.ok(Math.abs(vfs.width / 1260 - 200 / 270) < 0.01, `vfs_read is ${vfs.width} wide`);
			assertTextFits(await frames(page));
			assert.match(await details(page), /^worker /);

			await page.locator(".button").click();
			assert.deepEqual(await frames(page), before);
		}));

	await test("what is cut off can be read after a zoom", () =>
		visit("flame.svg", {}, async (page) => {
			assert.match((await find(page, "nft_do_chain")).name, /nft/);
			await frame(page, "a;b").click().catch(() => {});
			const hostile = page.locator(".frames > g[data-n='50']");

			await hostile.click();
			assert.equal(await hostile.locator("text").textContent(),
				     "a;b <\"c\"> & 'd' \\ \ufffd ]]>");
		}));

	await test("search: the share of what matches, each sample once", () =>
		visit("flame.svg", {}, async (page) => {
			await page.keyboard.press("/");
			await page.keyboard.type("read");
			// start_thread (270) with __read below it, and the __read of sh (61)
			assert.equal(await matched(page), "matched: 33.1 %, 331 samples");
			const names = (await frames(page)).filter((f) => f.classes.includes("match")).map((f) => f.name);
			assert.deepEqual(names.sort(), ["__read", "__read", "start_thread", "vfs_read"]);
			await page.keyboard.press("Escape");
			assert.equal(await matched(page), "");
			assert.equal((await frames(page)).filter((f) => f.classes.includes("match")).length, 0);
		}));

	await test("search: a share of the time, where samples stand for more than one period", () =>
		visit("late.svg", {}, async (page) => {
			await page.keyboard.press("/");
			await page.keyboard.type("read");
			// Here the 61 stand for 610 periods, of 1729.
			assert.equal(await matched(page), "matched: 50.9 %, 331 samples");
		}));

	await test("search: a regular expression, over functions and modules", () =>
		visit("flame.svg", {}, async (page) => {
			const input = page.locator("input");

			await page.keyboard.press("Control+f");
			assert.equal(await focused(page), "search");
			await input.fill("^(vfs|nft)_");
			assert.equal(await matched(page), "matched: 27.3 %, 273 samples");
			await input.fill("nf_tables");
			assert.equal(await matched(page), "matched: 7.3 %, 73 samples");
			await input.fill("lost samples");
			assert.equal(await matched(page), "matched: 2.1 %, 21 samples");
			await input.fill("MAIN");
			assert.equal(await matched(page), "matched: 0.0 %, 0 samples");
			await input.fill("(");
			assert.equal(await matched(page), "not a regular expression");
			await input.fill("");
			assert.equal(await matched(page), "");
		}));

	await test("search: Enter and n walk through the matches", () =>
		visit("flame.svg", {}, async (page) => {
			await page.keyboard.press("/");
			await page.keyboard.type("^(main|worker|sh)$");
			await page.keyboard.press("Enter");
			assert.equal(await focused(page), "main");
			await page.keyboard.press("n");
			assert.equal(await focused(page), "worker");
			await page.keyboard.press("n");
			assert.equal(await focused(page), "sh");
			await page.keyboard.press("n");
			assert.equal(await focused(page), "main");
			await page.keyboard.press("N");
			assert.equal(await focused(page), "sh");
		}));

	await test("details on hover and on focus", () =>
		visit("flame.svg", {}, async (page) => {
			await frame(page, "vfs_read").hover();
			assert.equal(await details(page),
				     "vfs_read \u00b7 [kernel.kallsyms] \u00b7 200 samples, 20.0 %, 200.0 ms");
			await frame(page, "worker").focus();
			assert.match(await details(page), /^worker \u00b7 \/usr\/bin\/server \u00b7 270 samples, 27\.0 %/);
			await frame(page, "worker").click();
			await frame(page, "vfs_read").hover();
			assert.match(await details(page), /74\.1 % of worker$/);
		}));

	await test("the keyboard alone: walk, zoom, back", () =>
		visit("flame.svg", {}, async (page) => {
			await page.keyboard.press("Tab");
			assert.equal(await focused(page), "all");
			await page.keyboard.press("ArrowUp");
			assert.equal(await focused(page), "server");
			await page.keyboard.press("ArrowRight");
			assert.equal(await focused(page), "sh");
			await page.keyboard.press("ArrowRight");
			assert.equal(await focused(page), "[lost samples]");
			await page.keyboard.press("Home");
			assert.equal(await focused(page), "all");
			await page.keyboard.press("ArrowUp");
			await page.keyboard.press("ArrowUp");
			assert.equal(await focused(page), "main");
			await page.keyboard.press("Enter");
			assertWide(await find(page, "main"));
			assert.equal((await find(page, "sh")).shown, false);
			await page.keyboard.press("ArrowDown");
			assert.equal(await focused(page), "server");
			await page.keyboard.press("Escape");
			assert.equal((await find(page, "sh")).shown, true);
			assert.equal(await focused(page), "all");
		}));

	await test("the controls can be reached by the keyboard", () =>
		visit("flame.svg", {}, async (page) => {
			await frame(page, "worker").click();
			await page.keyboard.press("Tab");
			assert.equal(await focused(page), "search");
			await page.keyboard.press("Tab");
			await page.keyboard.press("Enter");
			assert.equal((await find(page, "sh")).shown, true);
		}));

	await test("kinds of frames have colours of their own, lost samples a pattern", () =>
		visit("flame.svg", {}, async (page) => {
			const kinds = {};

			for (const f of await frames(page)) {
				const kind = f.classes[0][0];

				kinds[kind] = (kinds[kind] || new Set()).add(f.fill);
			}
			assert.deepEqual(Object.keys(kinds).sort(), ["i", "k", "l", "n", "p", "r", "u"]);
			const all = Object.values(kinds).flatMap((colours) => [...colours]);
			assert.equal(new Set(all).size, all.length);
			assert.deepEqual([...kinds.l], ["url(\"#profbuf-lost\")"]);
		}));

	for (const colorScheme of ["light", "dark"]) {
		await test(`text is legible: contrast (${colorScheme})`, () =>
			visit("flame.svg", { colorScheme }, async (page) => {
				for (const f of await frames(page)) {
					if (f.ink && f.fill.startsWith("rgb"))
						assert.ok(contrast(f.ink, f.fill) >= 7, `${f.name}: ${f.ink} on ${f.fill}`);
				}
				// All shades, whether this graph has them or not.
				const shades = fs.readFileSync(file("flame.svg"), "utf8")
					.match(/^\.profbuf \.[ukinpr]\d? rect \{ fill: #\w+/gm);
				assert.equal(shades.length, 41);
				for (const shade of shades) {
					const rgb = shade.match(/#(..)(..)(..)/).slice(1).map((h) => parseInt(h, 16));

					assert.ok(contrast(`rgb(${rgb})`, "rgb(17,17,17)") >= 7, shade);
				}
				const head = await page.evaluate(() => ({
					ground: getComputedStyle(document.querySelector(".ground")).fill,
					inks: Array.from(document.querySelectorAll(".head > text, .head tspan"),
							 (e) => getComputedStyle(e).fill),
				}));
				for (const ink of head.inks)
					assert.ok(contrast(ink, head.ground) >= 4.5, `${ink} on ${head.ground}`);
			}));
	}

	await test("the graph fills the window, also after that changed", () =>
		visit("flame.svg", {}, async (page) => {
			assert.equal((await find(page, "all")).width, 1259.5);
			await page.setViewportSize({ width: 900, height: 700 });
			await page.waitForFunction(() =>
				Number(document.querySelector(".frames rect").getAttribute("width")) < 900);
			assertTextFits(await frames(page));
		}));

	await test("in a low window roots are seen first, and the head stays", () =>
		visit("flame.svg", { viewport: { width: 1280, height: 220 } }, async (page) => {
			const seen = await page.evaluate(() => {
				const box = (selector) => document.querySelector(selector).getBoundingClientRect();

				return { scroll: window.scrollY, head: box(".head").top, root: box(".frames > g").bottom };
			});

			assert.ok(seen.scroll > 0);
			assert.ok(seen.root <= 220, `the root ends at ${seen.root}`);
			await page.waitForFunction(() =>
				Math.abs(document.querySelector(".head").getBoundingClientRect().top) < 1);
			// What the head hides comes into sight with the focus.
			await frame(page, "all").focus();
			for (const key of ["ArrowUp", "ArrowRight", "Home", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"])
				await page.keyboard.press(key);
			await page.waitForFunction(() => {
				const top = document.activeElement.getBoundingClientRect().top;

				return top >= document.querySelector(".head .ground").getBoundingClientRect().bottom - 1;
			});
		}));

	await test("in another document: as an image, an object, and a part, each by itself", () =>
		visit("page.html", {}, async (page) => {
			assert.ok(await page.evaluate(() => document.querySelector("img").naturalWidth) === 800);
			const inner = page.frames().find((f) => f.url().endsWith("flame.svg"));
			await inner.locator(".frames > g", { hasText: /^worker\n/ }).first().click();
			assert.equal(await inner.locator(".frames > g", { hasText: /^sh\n/ }).first().isVisible(), false);

			const parts = await page.locator("body > div > svg").count();
			assert.equal(parts, 2);
			await page.locator("#one .frames > g", { hasText: /^worker\n/ }).first().click();
			const one = await frames(page, "#one svg");
			const two = await frames(page, "#two svg");
			assert.equal(one.find((f) => f.name === "sh").shown, false);
			assert.equal(two.find((f) => f.name === "sh").shown, true);
			assert.equal(one.find((f) => f.name === "all").width, 779.5);
		}));

	await test("a graph of nothing says so", () =>
		visit("empty.svg", {}, async (page) => {
			assert.match(await page.locator("svg").textContent(), /There are no samples\./);
		}));

	await browser.close();
	done();
}

main();
