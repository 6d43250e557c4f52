/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_SPACE_WATCH_H
#define PROFBUF_SPACE_WATCH_H

struct profbuf_spaces;

int profbuf_space_watch(struct profbuf_spaces *spaces);
void profbuf_space_unwatch(struct profbuf_spaces *spaces);
void profbuf_space_watch_cleanup(void);

#endif /* PROFBUF_SPACE_WATCH_H */
