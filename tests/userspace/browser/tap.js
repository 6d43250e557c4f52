// SPDX-License-Identifier: GPL-2.0
// Tests that print TAP.
"use strict";

let count = 0;
let failed = false;

// A test passes unless it throws. It may take long on a busy machine, but not for ever.
async function test(name, run)
{
	let timer;
	const limit = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error("no end after 120 s")), 120000);
	});

	count++;
	try {
		await Promise.race([run(), limit]);
		console.log(`ok ${count} - ${name}`);
	} catch (error) {
		failed = true;
		console.log(`not ok ${count} - ${name}`);
		console.log(String(error.stack || error).replace(/^/gm, "# "));
	} finally {
		clearTimeout(timer);
	}
}

function done()
{
	console.log(`1..${count}`);
	process.exitCode = failed ? 1 : 0;
}

module.exports = { test, done };
