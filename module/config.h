/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROFBUF_CONFIG_H
#define PROFBUF_CONFIG_H

#include <linux/profbuf.h>

int profbuf_config_setup(void);
int profbuf_config_check(struct profbuf_config *config);
void profbuf_config_defaults(struct profbuf_config *config);

#endif /* PROFBUF_CONFIG_H */
