# SPDX-License-Identifier: GPL-2.0
#
# The module's release is the library's and the command's as well. SOVERSION changes when
# programs must be linked anew.
RELEASE := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' ../dkms.conf)
SOVERSION := 0
