// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - process 1 of the test machine
 *
 * It lays a layer in memory over the host's root file system, which it gets
 * read-only over 9p, so that all of it seems writable; runs one command on
 * top; and tells the host how that ended. main(), at the bottom, gives the
 * order of things.
 *
 * The host leaves in /vm of the initramfs:
 *	modules		kernel modules to load, one path a line, in order
 *	argv, env	the command and its environment, NUL terminated strings
 *	setup		"NAME VALUE" lines, see struct setup
 *
 * Three virtio ports lead back to it: what the command prints goes to the
 * first, the line "exit STATUS TAINT" to the second, and through the third the
 * host may ask for "winsize ROWS COLUMNS" and "dump", which is answered by
 * "dumped" on the second.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LOWER		"/lower"	/* the host's root, read-only */
#define LAYER		"/layer"	/* what is written over it, in memory */
#define ROOT		"/root"		/* both together */
#define TTY		"/dev/hvc0"	/* the terminal, where there is one */
#define P9_OPTIONS	"trans=virtio,version=9p2000.L,msize=512000"
#define MAX_STRINGS	4096
#define PORT_TIMEOUT_MS	30000

enum { PORT_OUTPUT = 1, PORT_STATUS, PORT_REQUEST };

/* What the host asks for beside the command; an empty string means "none". */
static struct setup {
	char cwd[PATH_MAX];	/* where the command starts */
	char share[PATH_MAX];	/* the directory of the host that is writable */
	char modules[PATH_MAX];	/* /lib/modules/RELEASE, as the host names it */
	char tty[32];		/* rows and columns of an interactive session */
} setup;

/* The standard streams are the console, so this ends up in the kernel log. */
static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	va_start(args, fmt);
	fputs("init: ", stderr);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, ": %s\n", strerror(err));
	va_end(args);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static char *path_join(const char *a, const char *b)
{
	char *path;

	if (asprintf(&path, "%s%s", a, b) < 0)
		die("path of %s", b);
	return path;
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		die("cannot make directory %s", path);
}

static void make_directories(const char *path)
{
	char *copy = path_join(path, "");
	char *slash = copy;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		make_directory(copy);
		*slash = '/';
	}
	make_directory(copy);
	free(copy);
}

static void attach(const char *source, const char *target, const char *type,
		   unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options))
		die("cannot mount %s on %s", source, target);
}

/* A file system the kernel may have been built without, hence a missing mount point. */
static void attach_optional(const char *type, const char *target)
{
	if (mount(type, target, type, 0, NULL) && errno != ENODEV && errno != ENOENT)
		die("cannot mount %s on %s", type, target);
}

static void read_setup(const char *path)
{
	const struct {
		const char *name;
		char *value;
		size_t size;
	} fields[] = {
		{ "cwd ", setup.cwd, sizeof(setup.cwd) },
		{ "share ", setup.share, sizeof(setup.share) },
		{ "modules ", setup.modules, sizeof(setup.modules) },
		{ "tty ", setup.tty, sizeof(setup.tty) },
	};
	char line[PATH_MAX + 16];
	FILE *file = fopen(path, "re");
	size_t i, len;

	if (!file)
		die("%s", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			len = strlen(fields[i].name);
			if (!strncmp(line, fields[i].name, len))
				snprintf(fields[i].value, fields[i].size, "%s", line + len);
		}
	}
	fclose(file);
}

/* Read a file of NUL terminated strings into a NULL terminated vector. */
static char **read_strings(const char *path)
{
	char **strings = calloc(MAX_STRINGS + 1, sizeof(*strings));
	FILE *file = fopen(path, "re");
	size_t size, n;

	if (!strings || !file)
		die("%s", path);
	for (n = 0; n < MAX_STRINGS; n++) {
		size = 0;
		if (getdelim(&strings[n], &size, '\0', file) < 0)
			break;
	}
	if (n == MAX_STRINGS) {
		errno = E2BIG;
		die("%s", path);
	}
	free(strings[n]);
	strings[n] = NULL;
	fclose(file);
	return strings;
}

static void load_modules(const char *path)
{
	char line[PATH_MAX];
	FILE *list = fopen(path, "re");
	int fd;

	if (!list)
		die("%s", path);
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		fd = open(line, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			die("cannot load %s", line);
		close(fd);
	}
	fclose(list);
}

/* The host's files may stay in the page cache: nothing is ever written back. */
static void mount_root(void)
{
	struct utsname uts;
	char *source, *target;

	make_directory(LOWER);
	make_directory(LAYER);
	make_directory(ROOT);
	attach("root", LOWER, "9p", MS_RDONLY, P9_OPTIONS ",cache=loose");
	attach("layer", LAYER, "tmpfs", 0, "mode=755");
	make_directory(LAYER "/upper");
	make_directory(LAYER "/work");
	attach("overlay", ROOT, "overlay", 0,
	       "lowerdir=" LOWER ",upperdir=" LAYER "/upper,workdir=" LAYER "/work");

	if (setup.modules[0]) {
		uname(&uts);
		source = path_join(LOWER, setup.modules);
		target = path_join(ROOT "/lib/modules/", uts.release);
		make_directories(target);
		attach(source, target, NULL, MS_BIND, NULL);
		free(source);
		free(target);
	}

	if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		die("cannot enter the root file system");
}

static void mount_kernel_filesystems(void)
{
	attach("proc", "/proc", "proc", 0, NULL);
	attach("sysfs", "/sys", "sysfs", 0, NULL);
	attach("devtmpfs", "/dev", "devtmpfs", 0, "mode=755");
	make_directory("/dev/pts");
	make_directory("/dev/shm");
	attach("devpts", "/dev/pts", "devpts", 0, "mode=620,gid=5,ptmxmode=666");
	attach("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
	attach("tmpfs", "/run", "tmpfs", 0, "mode=755");
	attach_optional("debugfs", "/sys/kernel/debug");
	attach_optional("tracefs", "/sys/kernel/tracing");
	attach_optional("securityfs", "/sys/kernel/security");
	attach_optional("cgroup2", "/sys/fs/cgroup");

	if (symlink("/proc/self/fd", "/dev/fd") || symlink("fd/0", "/dev/stdin") ||
	    symlink("fd/1", "/dev/stdout") || symlink("fd/2", "/dev/stderr"))
		die("cannot link the standard streams in /dev");
}

/*
 * Each write goes through at once, so that results survive a crash. Mounted last:
 * it may lie below one of the above.
 */
static void mount_share(void)
{
	if (!setup.share[0])
		return;
	make_directories(setup.share);
	attach("share", setup.share, "9p", 0, P9_OPTIONS ",cache=mmap");
}

static void bring_up_loopback(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("cannot bring up the loopback interface");
	close(fd);
}

/* Those that the command line has kept out while the kernel started. */
static void start_other_cpus(void)
{
	glob_t match;
	size_t i;
	int fd;

	if (glob("/sys/devices/system/cpu/cpu[0-9]*/online", 0, NULL, &match))
		return;
	for (i = 0; i < match.gl_pathc; i++) {
		fd = open(match.gl_pathv[i], O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "1", 1) < 0)
			die("%s", match.gl_pathv[i]);
		close(fd);
	}
	globfree(&match);
}

/* Ports appear some time after their driver. */
static int open_port(int number)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	char pattern[32];
	glob_t match;
	int tries, fd;

	snprintf(pattern, sizeof(pattern), "/dev/vport*p%d", number);
	for (tries = 0; tries < PORT_TIMEOUT_MS; tries++) {
		if (!glob(pattern, 0, NULL, &match)) {
			fd = open(match.gl_pathv[0], O_RDWR | O_CLOEXEC);
			if (fd < 0)
				die("%s", match.gl_pathv[0]);
			globfree(&match);
			return fd;
		}
		nanosleep(&pause, NULL);
	}
	errno = ENODEV;
	die("%s", pattern);
}

static void write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0)
			die("write to a port");
		data += n;
		len -= n;
	}
}

/* Pass on what there is; false at the end of the file. */
static bool relay(int from, int to)
{
	static char buf[65536];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0)
		die("read the command's output");
	write_all(to, buf, n);
	return n;
}

static int open_terminal(void)
{
	int fd = open(TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		die(TTY);
	return fd;
}

static void set_window_size(int tty, const char *text)
{
	struct winsize size = { 0 };

	if (sscanf(text, "%hu %hu", &size.ws_row, &size.ws_col) == 2 &&
	    ioctl(tty, TIOCSWINSZ, &size))
		perror("init: window size");
}

static void __attribute__((noreturn)) run_command(char **argv, char **env, int out)
{
	sigset_t none;
	int in;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (setup.tty[0]) {
		in = open_terminal();
		out = in;
		if (ioctl(out, TIOCSCTTY, 0))
			die(TTY);
		set_window_size(out, setup.tty);
	} else {
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);

	if (chdir(setup.cwd)) {
		dprintf(STDERR_FILENO, "cannot enter %s: %m\n", setup.cwd);
		_exit(126);
	}
	environ = env;
	execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "cannot run %s: %m\n", argv[0]);
	_exit(errno == ENOENT ? 127 : 126);
}

/* For a machine that hangs: what blocks, and what each CPU is doing. */
static void dump_state(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "w", 1) < 0 || write(fd, "l", 1) < 0)
		perror("init: /proc/sysrq-trigger");
	close(fd);
}

static void obey(const char *request, int status)
{
	int tty;

	if (!strncmp(request, "winsize ", 8)) {
		tty = open_terminal();
		set_window_size(tty, request + 8);
		close(tty);
	} else if (!strcmp(request, "dump")) {
		dump_state();
		write_all(status, "dumped\n", 7);
	}
}

static void read_requests(int fd, int status)
{
	static char buf[256];
	static size_t len;
	char *end;
	ssize_t n = read(fd, buf + len, sizeof(buf) - 1 - len);

	if (n < 0)
		die("read a request");
	len += n;
	buf[len] = '\0';
	while ((end = strchr(buf, '\n'))) {
		*end = '\0';
		obey(buf, status);
		len -= end + 1 - buf;
		memmove(buf, end + 1, len + 1);
	}
	if (len == sizeof(buf) - 1)
		len = 0;
}

/* Collect orphans as well; true once @command has ended, with its status as a shell has it. */
static bool reap(pid_t command, int *code)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		ended = true;
		*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return ended;
}

static int supervise(pid_t command, int from, int output, int status, int request)
{
	struct signalfd_siginfo info;
	struct pollfd fds[3];
	bool ended = false;
	sigset_t chld;
	int code = 0;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	fds[0] = (struct pollfd){ .fd = from, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = request, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = signalfd(-1, &chld, SFD_CLOEXEC), .events = POLLIN };

	while (!ended) {
		if (poll(fds, 3, -1) < 0)
			die("poll");
		if (fds[0].revents && !relay(from, output))
			fds[0].fd = -1;
		if (fds[1].revents & POLLIN)
			read_requests(request, status);
		if (fds[2].revents) {
			if (read(fds[2].fd, &info, sizeof(info)) < 0)
				die("signalfd");
			ended = reap(command, &code);
		}
	}

	/* What it left behind may hold the pipe open. */
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	while (relay(from, output))
		;
	if (setup.tty[0])
		tcdrain(open_terminal());
	return code;
}

static unsigned long read_taint(void)
{
	unsigned long taint = 0;
	FILE *file = fopen("/proc/sys/kernel/tainted", "re");

	if (!file || fscanf(file, "%lu", &taint) != 1)
		die("/proc/sys/kernel/tainted");
	fclose(file);
	return taint;
}

int main(void)
{
	int output, status, request, code, out[2];
	char **argv, **env, line[64];
	sigset_t chld;
	pid_t command;

	read_setup("/vm/setup");
	argv = read_strings("/vm/argv");
	env = read_strings("/vm/env");
	load_modules("/vm/modules");
	mount_root();
	mount_kernel_filesystems();
	mount_share();
	bring_up_loopback();
	start_other_cpus();
	if (sethostname("vm", 2))
		die("sethostname");

	output = open_port(PORT_OUTPUT);
	status = open_port(PORT_STATUS);
	request = open_port(PORT_REQUEST);

	/* Blocked before there is a child, so that its end is not missed. */
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	if (pipe2(out, O_CLOEXEC))
		die("pipe");
	command = fork();
	if (command < 0)
		die("fork");
	if (!command)
		run_command(argv, env, out[1]);
	close(out[1]);

	code = supervise(command, out[0], output, status, request);
	sync();
	snprintf(line, sizeof(line), "exit %d %lu\n", code, read_taint());
	write_all(status, line, strlen(line));
	reboot(RB_POWER_OFF);
	return 0;
}
