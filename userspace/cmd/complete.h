/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_CMD_COMPLETE_H
#define PROFBUF_CMD_COMPLETE_H

void complete(int argc, char **argv);

#endif /* PROFBUF_CMD_COMPLETE_H */
