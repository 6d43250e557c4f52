/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes a flame graph answer: zoom, search, details, keyboard. The graph is complete without.
 *
 * Each frame is a <g> in the order of a walk down the tree, with data-x, the sampling periods
 * to the left of it, data-n, its own, and data-samples, if these are fewer. Its <title> has the
 * name, the module and the numbers, one a line.
 */
(function () {
	"use strict";

	const svg = document.currentScript.closest("svg");
	const alone = svg === document.documentElement;
	const number = (name) => Number(svg.getAttribute("data-" + name));
	const total = number("total");
	const margin = number("margin");
	const pitch = number("pitch");
	const letter = number("letter");
	const icicle = svg.hasAttribute("data-icicle");
	const head = svg.querySelector(".head");
	const headHeight = Number(head.querySelector(".ground").getAttribute("height"));
	const height = svg.viewBox.baseVal.height;
	let width = svg.viewBox.baseVal.width;

	/* There may be many: what most of them are never asked for is found out when they are. */
	class Frame {
		constructor(g) {
			this.g = g;
			this.rect = g.children[1];
			this.text = g.children[2];
			this.x = Number(g.getAttribute("data-x"));
			this.n = Number(g.getAttribute("data-n"));
			this.samples = Number(g.getAttribute("data-samples") || this.n);
			this.y = Number(this.rect.getAttribute("y"));
			this.depth = Math.round((icicle ? this.y - headHeight : height - this.y) / pitch);
			this.visible = true;
			this.match = false;
			this.above = false;
		}

		/* Name, module, numbers. */
		get lines() {
			return this.g.children[0].textContent.split("\n");
		}

		get name() {
			return this.lines[0];
		}
	}

	const frames = Array.from(svg.querySelectorAll(".frames > g"), (g) => new Frame(g));
	if (!frames.length)
		return;
	const root = frames[0];
	let zoomed = root;
	let current = root;
	let matches = [];

	function element(parent, name, attributes, text) {
		const e = document.createElementNS("http://www.w3.org/2000/svg", name);

		for (const key in attributes)
			e.setAttribute(key, attributes[key]);
		if (text !== undefined)
			e.textContent = text;
		return parent.appendChild(e);
	}

	function percent(part, whole) {
		return (100 * part / whole).toFixed(1) + " %";
	}

	function count(n) {
		return n.toLocaleString("en-US") + (n === 1 ? " sample" : " samples");
	}

	/* Layout */

	function label(frame, room) {
		const letters = Math.floor((room - 6) / letter);

		if (letters < 3)
			return "";

		const name = Array.from(frame.name);

		if (name.length <= letters)
			return frame.name;
		return name.slice(0, letters - 1).join("") + "\u2026";
	}

	function place(frame, left, right) {
		const w = right - left;
		const text = label(frame, w);
		const visible = w > 0;

		if (visible !== frame.visible) {
			frame.visible = visible;
			frame.g.toggleAttribute("hidden", !visible);
		}
		if (!visible)
			return;
		frame.rect.setAttribute("x", left.toFixed(2));
		frame.rect.setAttribute("width", (w > 3 ? w - 0.5 : w).toFixed(2));
		if (!text) {
			if (frame.text)
				frame.text.textContent = "";
			return;
		}
		if (!frame.text)
			frame.text = element(frame.g, "text", { y: frame.y + pitch - 5 });
		frame.text.setAttribute("x", (left + 3).toFixed(2));
		frame.text.textContent = text;
	}

	function layOut() {
		const scale = (width - 2 * margin) / zoomed.n;
		const end = zoomed.x + zoomed.n;

		for (const frame of frames) {
			const above = frame.depth < zoomed.depth;
			const left = Math.max(frame.x, zoomed.x);
			const right = Math.min(frame.x + frame.n, end);

			if (above !== frame.above) {
				frame.above = above;
				frame.g.classList.toggle("above", above);
			}
			if (right <= left || (above && right - left < zoomed.n))
				place(frame, 0, 0);
			else
				place(frame, margin + (left - zoomed.x) * scale,
				      margin + (right - zoomed.x) * scale);
		}
	}

	/* A document of its own fills the window; a part of another keeps its size. */
	function resize() {
		if (alone) {
			width = Math.max(480, document.documentElement.clientWidth || window.innerWidth);
			svg.setAttribute("width", width);
			svg.setAttribute("viewBox", "0 0 " + width + " " + height);
		}
		const right = width - margin;

		field.setAttribute("x", right - 330);
		reset.setAttribute("transform", "translate(" + (right - 70) + "," + controlsY + ")");
		matched.setAttribute("x", right);
		layOut();
	}

	function stick() {
		head.setAttribute("transform", "translate(0," + window.scrollY + ")");
	}

	/* Details */

	function showDetails(frame) {
		let text = frame.lines.join(" \u00b7 ");

		if (zoomed !== root && frame.depth > zoomed.depth)
			text += " \u00b7 " + percent(frame.n, zoomed.n) + " of " + zoomed.name;
		details.textContent = text;
		details.classList.remove("hint");
	}

	function showHint() {
		details.textContent = "click or Enter: zoom \u00b7 arrows: walk \u00b7 / or Ctrl-F: search" +
			" \u00b7 n, N: next, previous match \u00b7 Esc: back";
		details.classList.add("hint");
	}

	function focus(frame) {
		frame.g.focus();
		if (alone) {
			const hidden = headHeight + 4 - frame.rect.getBoundingClientRect().top;

			if (hidden > 0)
				window.scrollBy(0, -hidden);
		}
	}

	/* Zoom */

	function zoom(frame) {
		zoomed = frame;
		layOut();
		focus(frame);
		showDetails(frame);
	}

	/* Search */

	/* Capital letters mean themselves; a pattern without any does not tell them apart. */
	function pattern(text) {
		const flags = text === text.toLowerCase() ? "im" : "m";

		try {
			return new RegExp(text, flags);
		} catch (e) {
			return null;
		}
	}

	function search() {
		const text = input.value;
		const regexp = text ? pattern(text) : null;
		let periods = 0;
		let samples = 0;
		let end = 0;

		input.classList.toggle("wrong", Boolean(text) && !regexp);
		matches = [];
		for (const frame of frames) {
			const match = Boolean(regexp) && frame !== root &&
				regexp.test(frame.lines.slice(0, 2).join("\n"));

			if (match !== frame.match) {
				frame.match = match;
				frame.g.classList.toggle("match", match);
			}
			if (!match)
				continue;
			matches.push(frame);
			/* What is below a match has been counted with it. */
			if (frame.x >= end) {
				periods += frame.n;
				samples += frame.samples;
				end = frame.x + frame.n;
			}
		}
		if (!text)
			matched.textContent = "";
		else if (!regexp)
			matched.textContent = "not a regular expression";
		else
			matched.textContent = "matched: " + percent(periods, total) + ", " + count(samples);
	}

	function clear() {
		input.value = "";
		search();
	}

	function nextMatch(step) {
		const seen = matches.filter((frame) => frame.visible);
		const at = seen.indexOf(current);

		if (seen.length)
			focus(seen[at < 0 ? 0 : (at + step + seen.length) % seen.length]);
	}

	/* Keyboard */

	function child() {
		const below = frames.filter((f) => f.visible && f.depth === current.depth + 1 &&
			f.x >= current.x && f.x + f.n <= current.x + current.n);

		return below.reduce((best, f) => best && best.n >= f.n ? best : f, null);
	}

	function parent() {
		return frames.find((f) => f.depth === current.depth - 1 &&
			f.x <= current.x && f.x + f.n >= current.x + current.n);
	}

	function beside(step) {
		const row = frames.filter((f) => f.visible && f.depth === current.depth);

		return row[row.indexOf(current) + step];
	}

	function back() {
		if (input.value)
			clear();
		else
			zoom(root);
	}

	function onFrameKey(event) {
		const up = icicle ? parent : child;
		const down = icicle ? child : parent;
		let to = null;

		switch (event.key) {
		case "Enter":
		case " ":
			zoom(current);
			break;
		case "ArrowUp":
			to = up();
			break;
		case "ArrowDown":
			to = down();
			break;
		case "ArrowLeft":
			to = beside(-1);
			break;
		case "ArrowRight":
			to = beside(1);
			break;
		case "Home":
			to = root;
			break;
		case "n":
			nextMatch(1);
			break;
		case "N":
			nextMatch(-1);
			break;
		default:
			return;
		}
		event.preventDefault();
		if (to)
			focus(to);
	}

	function onKey(event) {
		const find = event.key === "f" && (event.ctrlKey || event.metaKey);

		if (event.key === "Escape") {
			back();
			if (document.activeElement === input)
				focus(current);
		} else if (document.activeElement !== input && (find || event.key === "/")) {
			/* Pressed once more, the browser's own search opens. */
			input.focus();
			input.select();
			event.preventDefault();
		}
	}

	/* Controls, which nobody needs who has no scripts */

	const controlsY = number("controls") - 15;
	const details = head.querySelector(".details");
	const matched = element(head, "text", {
		class: "matched", "text-anchor": "end", y: details.getAttribute("y"), "aria-live": "polite" });
	const field = element(head, "foreignObject", { y: controlsY, width: 252, height: 22 });
	const input = field.appendChild(
		document.createElementNS("http://www.w3.org/1999/xhtml", "input"));
	const reset = element(head, "g", { class: "button", role: "button", tabindex: "0" });

	input.className = "search";
	input.type = "search";
	input.placeholder = "search: regular expression";
	input.setAttribute("aria-label", "search functions and modules for a regular expression");
	input.addEventListener("input", search);
	input.addEventListener("keydown", (event) => {
		if (event.key === "Enter")
			nextMatch(1);
	});
	element(reset, "rect", { width: 70, height: 22, rx: 4 });
	element(reset, "text", { x: 35, y: 15 }, "Reset");

	function resetAll() {
		clear();
		zoom(root);
		showHint();
	}

	reset.addEventListener("click", resetAll);
	reset.addEventListener("keydown", (event) => {
		if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			resetAll();
		}
	});

	const byElement = new Map(frames.map((frame) => [frame.g, frame]));
	const graph = svg.querySelector(".frames");

	function frameOf(event) {
		return byElement.get(event.target.closest(".frames > g"));
	}

	graph.classList.add("live");
	for (const frame of frames) {
		frame.g.setAttribute("tabindex", frame === root ? "0" : "-1");
		frame.g.setAttribute("role", "button");
		/* Not on the whole graph: whatever listens for this can be focused in some browsers. */
		frame.g.addEventListener("focus", () => {
			current.g.setAttribute("tabindex", "-1");
			current = frame;
			current.g.setAttribute("tabindex", "0");
			showDetails(current);
		});
	}
	graph.addEventListener("click", (event) => zoom(frameOf(event)));
	graph.addEventListener("mouseover", (event) => showDetails(frameOf(event)));
	graph.addEventListener("mouseleave", () => showDetails(current));
	graph.addEventListener("keydown", onFrameKey);
	(alone ? window : svg).addEventListener("keydown", onKey);
	if (alone) {
		window.addEventListener("resize", resize);
		window.addEventListener("scroll", stick);
	}
	showHint();
	resize();
	/* The roots are at the bottom, and what is read first. */
	if (alone && !icicle)
		window.scrollTo(0, height);
})();
