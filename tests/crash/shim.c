#undef _FILE_OFFSET_BITS /* it would turn open into open64; both are defined here */
#define _GNU_SOURCE
#include "tests/crash/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { N_FILES = 256 };

typedef enum { UNTRACKED, FOLDER, CLEAN_FILE, DIRTY_FILE } file_state_t;

static const char *watched; /* NULL: off */
static long n_calls, kill_at, n_early_names, n_open_names;
static int n_dirty, links_denied;
static file_state_t files[N_FILES];

void shim_arm(const char *folder, long n)
{
    memset(files, 0, sizeof files);
    watched = folder;
    kill_at = n;
    n_calls = n_early_names = n_open_names = 0;
    n_dirty = 0;
}

long shim_disarm(void)
{
    watched = NULL;
    return n_calls;
}

long shim_count_unsynced(void)
{
    return n_early_names + n_open_names;
}

void shim_deny_links(int deny)
{
    links_denied = deny;
}

/* one more place to die at */
static void count_call(void)
{
    n_calls++;
    if (n_calls == kill_at) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    }
}

static int is_below(const char *path)
{
    return watched && strncmp(path, watched, strlen(watched)) == 0;
}

static int is_tracked(int fd)
{
    return watched && fd >= 0 && fd < N_FILES && files[fd] != UNTRACKED;
}

static int open_file(const char *path, int flags, mode_t mode)
{
    int fd;

    if (is_below(path)) {
        count_call();
    }
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (is_below(path) && fd >= 0 && fd < N_FILES) {
        files[fd] = flags & O_DIRECTORY ? FOLDER : CLEAN_FILE;
    }
    return fd;
}

static mode_t take_mode(int flags, va_list args)
{
    return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = take_mode(flags, args);
    va_end(args);
    return open_file(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = take_mode(flags, args);
    va_end(args);
    return open_file(path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (is_tracked(fd)) {
        count_call();
        if (n_calls + 1 == kill_at) { /* dies with half of it written */
            syscall(SYS_write, fd, bytes, n / 2);
        }
        count_call();
        n_dirty += files[fd] != DIRTY_FILE;
        files[fd] = DIRTY_FILE;
    }
    return syscall(SYS_write, fd, bytes, n);
}

int fsync(int fd)
{
    if (is_tracked(fd)) {
        count_call();
        if (files[fd] == FOLDER) {
            n_open_names = 0;
        } else {
            n_dirty -= files[fd] == DIRTY_FILE;
            files[fd] = CLEAN_FILE;
        }
    }
    return (int)syscall(SYS_fsync, fd);
}

int close(int fd)
{
    if (is_tracked(fd)) {
        count_call();
        files[fd] = UNTRACKED;
    }
    return (int)syscall(SYS_close, fd);
}

/* a name is about to appear below the folder */
static void count_name(const char *path)
{
    if (is_below(path)) {
        count_call();
        n_early_names += n_dirty > 0;
        n_open_names++;
    }
}

int link(const char *from, const char *to)
{
    if (links_denied) {
        errno = EPERM;
        return -1;
    }
    count_name(to);
    return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int rename(const char *from, const char *to)
{
    count_name(to);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdir(const char *path, mode_t mode)
{
    if (is_below(path)) {
        count_call();
    }
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int unlink(const char *path)
{
    if (is_below(path)) {
        count_call();
    }
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* the only calls relative to a folder are the store's own: always counted */
int unlinkat(int fd, const char *path, int flags)
{
    if (watched) {
        count_call();
    }
    return (int)syscall(SYS_unlinkat, fd, path, flags);
}
