// SPDX-License-Identifier: GPL-2.0
// What speedscope understands of our files: it imports them, and exports what it has then.
"use strict";

const assert = require("assert").strict;
const fs = require("fs");
const path = require("path");
const { launch } = require("./chromium");
const { test, done } = require("./tap");

const directory = process.argv[2];
const read = (name) => fs.readFileSync(path.join(directory, name));
const application = path.join(process.env.BROWSER_MODULES, "speedscope/dist/release/index.html");

// Import a file under a name that tells its type; returns what speedscope saves of it.
async function through(browser, file, name)
{
	const context = await browser.newContext({ offline: true, acceptDownloads: true });
	const page = await context.newPage();
	const script = path.join(directory, name + ".js");
	const troubles = [];

	page.on("dialog", (dialog) => {
		troubles.push(dialog.message());
		dialog.dismiss();
	});
	page.on("pageerror", (error) => troubles.push(String(error)));
	fs.writeFileSync(script, "speedscope.loadFileFromBase64(" +
		JSON.stringify(name) + ", " + JSON.stringify(read(file).toString("base64")) + ")");
	await page.goto("file://" + application + "#localProfilePath=" + script);
	await page.getByText("Export", { exact: false }).first().waitFor();
	const [download] = await Promise.all([
		page.waitForEvent("download"),
		page.keyboard.press("Control+s"),
	]);
	const saved = path.join(directory, name + ".saved");
	await download.saveAs(saved);
	await context.close();
	assert.deepEqual(troubles, []);
	return JSON.parse(fs.readFileSync(saved, "utf8"));
}

// Stacks and their weights, of a profile that opens and closes frames.
function fold(profile, frames)
{
	const weights = new Map();
	const stack = [];
	let last = profile.startValue;

	assert.equal(profile.type, "evented");
	for (const event of profile.events) {
		if (event.at > last) {
			const key = stack.join(";");

			weights.set(key, (weights.get(key) || 0) + event.at - last);
			last = event.at;
		}
		if (event.type === "O")
			stack.push(frames[event.frame].name.replace(/;/g, ":"));
		else
			stack.pop();
	}
	return weights;
}

// Folded stacks of ours. speedscope does not mark the kernel's.
function ours(file)
{
	const stacks = new Map();

	for (const line of read(file).toString().trim().split("\n")) {
		const [, stack, count] = line.match(/^(.*) (\d+)$/);

		stacks.set(stack.replace(/_\[k\](?=;|$)/g, ""), Number(count));
	}
	return stacks;
}

async function main()
{
	const browser = await launch();

	await test("speedscope's own format: every stack with its CPU time", async () => {
		const saved = await through(browser, "speedscope", "profile.speedscope.json");
		const expected = new Map();

		assert.equal(saved.profiles.length, 1);
		assert.equal(saved.profiles[0].unit, "nanoseconds");
		for (const [stack, count] of ours("folded"))
			expected.set(stack, count * 1000000);
		assert.deepEqual(new Map([...fold(saved.profiles[0], saved.shared.frames)].sort()),
				 new Map([...expected].sort()));
	});

	await test("speedscope's own format: files, and where there are none modules", async () => {
		const saved = await through(browser, "speedscope", "files.speedscope.json");
		const file = (name) => saved.shared.frames.find((f) => f.name === name).file;

		assert.equal(file("main"), "src/server.c");
		assert.equal(file("vfs_read"), "[kernel.kallsyms]");
		assert.equal(file("__read"), "/usr/lib/x86_64-linux-gnu/libc.so.6");
	});

	await test("the text of perf script: every stack of every thread", async () => {
		const saved = await through(browser, "perf-script", "profile.linux-perf.txt");
		const found = new Set();
		const expected = new Set();
		const comms = { "100": "server", "101": "worker-1", "200": "sh", "9": "kworker/0:1" };

		assert.deepEqual(saved.profiles.map((p) => p.name).sort(), [
			"kworker/0:1 pid: 9 tid: 9", "server pid: 100 tid: 100", "sh pid: 200 tid: 200",
			"worker-1 pid: 100 tid: 101" ]);
		for (const profile of saved.profiles) {
			const comm = comms[profile.name.match(/tid: (\d+)/)[1]];

			for (const stack of fold(profile, saved.shared.frames).keys())
				found.add(comm + ";" + stack);
		}
		// It calls a function without a name after its whole module.
		for (const stack of ours("folded-threads").keys()) {
			if (stack !== "[lost samples]")
				expected.add(stack.replace(/\[libc.so.6\]/, "??? (/usr/lib/x86_64-linux-gnu/libc.so.6)")
					.replace(/\[lib<stripped>.so\]/, "??? (/opt/R_&_D/lib<stripped>.so)")
					.replace(/\[(nf_tables|anon)\]/, "??? ([$1])"));
		}
		assert.deepEqual([...found].sort(), [...expected].sort());
	});

	await test("pprof: samples, lost ones included", async () => {
		const saved = await through(browser, "pprof", "profile.pb.gz");
		const weights = fold(saved.profiles[0], saved.shared.frames);

		assert.equal(saved.profiles.length, 1);
		assert.equal(weights.get("[lost samples]"), 21000000);
		// Of the functions at an address it takes the outermost.
		assert.equal(weights.get("main;handle(Request const&, int)"), 500000000);
		assert.equal(weights.get("start_thread;worker;__read;do_syscall_64;vfs_read"), 200000000);
	});

	await test("JSON of our own: its numbers agree with each other", async () => {
		for (const file of ["json", "json-threads"]) {
			const json = JSON.parse(read(file).toString());
			const sum = (list, key) => list.reduce((total, item) => total + item[key], 0);

			assert.equal(json.version, 1);
			assert.equal(json.totals.samples, 979);
			assert.equal(json.totals.lost, 21);
			assert.equal(sum(json.stacks, "samples"), 979);
			assert.equal(sum(json.processes, "samples"), 979);
			assert.equal(sum(json.threads, "samples"), 979);
			assert.equal(sum(json.cpus, "samples"), 979);
			assert.equal(sum(json.cpus, "lost"), 21);
			assert.equal(sum(json.stacks, "cpu_ns"), json.totals.cpu_ns);
			assert.equal(json.totals.frames, json.stacks.reduce((total, s) =>
				total + s.samples * s.frames.filter((f) => !json.frames[f].inlined).length, 0));

			const folded = new Map();
			for (const stack of json.stacks) {
				const process = json.processes[stack.process];
				const names = stack.frames.map((f) => {
					const frame = json.frames[f];
					const module = json.modules[frame.module];

					assert.equal(frame.kernel === true, module.kernel);
					assert.match(frame.address, /^0x[0-9a-f]+$/);
					return frame.name || "[" + module.path.replace(/.*\/|[[\]]/g, "") + "]";
				});
				const comm = stack.thread === undefined ? process.comm : json.threads[stack.thread].comm;
				const key = [comm, ...names.reverse()].join(";").replace("a;b", "a:b");

				folded.set(key, (folded.get(key) || 0) + stack.samples);
			}
			const expected = ours(file === "json" ? "folded" : "folded-threads");
			expected.delete("[lost samples]");
			assert.deepEqual(new Map([...folded].sort()), new Map([...expected].sort()));
		}
	});

	await browser.close();
	done();
}

main();
