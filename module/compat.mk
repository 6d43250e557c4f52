# SPDX-License-Identifier: GPL-2.0
#
# For the Kbuild of a module that includes compat.h.
#
# Distributions backport interfaces, so a version number does not tell which
# ones a kernel has: ask its compiler. $(call probe,NAME,HEADER,IDENTIFIER)
# gives -DNAME if HEADER declares IDENTIFIER. compat.h does the rest.
probe = $(shell echo 'extern typeof($(3)) $(3);' | \
	$(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) \
	$(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) -DMODULE -Wno-error \
	-DKBUILD_MODNAME='"probe"' -include $(2) \
	-x c -fsyntax-only - 2>/dev/null && echo -D$(1))

ccflags-y += $(call probe,HAVE_HRTIMER_SETUP,linux/hrtimer.h,hrtimer_setup)
ccflags-y += $(call probe,HAVE_COPY_SPLICE_READ,linux/fs.h,copy_splice_read)
ccflags-y += $(call probe,HAVE_CPU_IS_ISOLATED,linux/sched/isolation.h,cpu_is_isolated)
ccflags-y += $(call probe,HAVE_SYSTEM_DFL_WQ,linux/workqueue.h,system_dfl_wq)
ccflags-y += $(call probe,HAVE_INODE_GET_CTIME,linux/fs.h,inode_get_ctime)
ccflags-y += $(call probe,HAVE_FILE_USER_PATH,linux/fs.h,file_user_path)
