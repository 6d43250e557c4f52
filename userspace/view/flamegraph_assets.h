/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_VIEW_FLAMEGRAPH_ASSETS_H
#define PROFBUF_VIEW_FLAMEGRAPH_ASSETS_H

/* flamegraph.css and flamegraph.js, as strings. */
extern const char flamegraph_css[] __attribute__((visibility("hidden")));
extern const char flamegraph_js[] __attribute__((visibility("hidden")));

#endif /* PROFBUF_VIEW_FLAMEGRAPH_ASSETS_H */
