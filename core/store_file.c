#define _POSIX_C_SOURCE 200809L
#include "core/store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store.h"

static const char prefix[] = ".nextbest-"; /* .nextbest-HOST-PID-COUNTER */

enum { WRITE_BYTES = 1 << 30, STALE_SECONDS = 24 * 3600, TEMPORARY_SIZE = 64 };

int nb_text_format(char **out, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    NB_ASSERT(length >= 0);
    NB_TRY(nb_alloc(out, (size_t)length + 1, 1));
    va_start(args, format);
    vsnprintf(*out, (size_t)length + 1, format, args);
    va_end(args);
    return NB_OK;
}

int nb_text_print(char **out, int (*write)(const void *, FILE *), const void *subject)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    int code;

    *out = NULL;
    if (!stream) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory");
    }
    code = write(subject, stream);
    if (fclose(stream) != 0 && code == NB_OK) {
        code = nb_error_set(NB_ERR_MEMORY, "out of memory");
    }
    if (code == NB_OK) {
        code = nb_strdup(out, text);
    }
    free(text);
    return code;
}

int nb_file_fail(const char *verb, const char *path)
{
    NB_FAIL(NB_ERR_IO, "cannot %s %s: %s", verb, path, strerror(errno));
}

static int read_all(int fd, char *bytes, size_t n, const char *path)
{
    size_t done = 0;

    while (done < n) {
        ssize_t got = read(fd, bytes + done, n - done);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return nb_file_fail("read", path);
        }
        if (got == 0) {
            NB_FAIL(NB_ERR_FORMAT, "%s became shorter while it was read", path);
        }
        done += (size_t)got;
    }
    return NB_OK;
}

static int read_open_file(int fd, char **bytes, size_t *n, const char *path)
{
    struct stat status;

    if (fstat(fd, &status) != 0) {
        return nb_file_fail("read", path);
    }
    if (!S_ISREG(status.st_mode)) {
        NB_FAIL(NB_ERR_FORMAT, "%s is no regular file", path);
    }
    *n = (size_t)status.st_size;
    NB_TRY(nb_alloc(bytes, *n + 1, 1));
    return read_all(fd, *bytes, *n, path);
}

int nb_file_read(char **bytes, size_t *n, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code;

    *bytes = NULL;
    if (fd < 0 && errno == ENOENT) {
        NB_FAIL(NB_ERR_NOT_FOUND, "%s does not exist", path);
    }
    if (fd < 0) {
        return nb_file_fail("read", path);
    }
    code = read_open_file(fd, bytes, n, path);
    close(fd);
    if (code != NB_OK) {
        nb_free(*bytes);
        *bytes = NULL;
    }
    return code;
}

static int write_all(int fd, const char *bytes, size_t n, const char *path)
{
    while (n) {
        ssize_t written = write(fd, bytes, n < WRITE_BYTES ? n : WRITE_BYTES);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written ? errno : ENOSPC;
            return nb_file_fail("write", path);
        }
        bytes += written;
        n -= (size_t)written;
    }
    return NB_OK;
}

/* eight hex digits that name this machine in the temporary files of a shared folder */
static void name_host(char out[9])
{
    char host[256] = "";
    char key[NB_KEY_SIZE];

    if (gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    nb_key_hash(host, strlen(host), key);
    memcpy(out, key, 8);
    out[8] = '\0';
}

/* length of the folder part of a path, its slash included */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

static int name_temporary(char **out, const char *path)
{
    static atomic_uint counter;
    char host[9];

    name_host(host);
    return nb_text_format(out, "%.*s%s%s-%ld-%u", (int)folder_length(path), path, prefix, host,
                          (long)getpid(), atomic_fetch_add(&counter, 1u));
}

/* write and sync `temporary`; messages name the final path, which is what the user knows */
static int fill_temporary(const char *temporary, const char *path, const void *bytes, size_t n)
{
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int code;

    if (fd < 0) {
        return nb_file_fail("write", path);
    }
    code = write_all(fd, bytes, n, path);
    if (code == NB_OK && fsync(fd) != 0) {
        code = nb_file_fail("write", path);
    }
    if (close(fd) != 0 && code == NB_OK) {
        code = nb_file_fail("write", path);
    }
    if (code != NB_OK) {
        unlink(temporary);
    }
    return code;
}

static int name_folder(char **out, const char *path)
{
    size_t length = folder_length(path);

    return nb_text_format(out, "%.*s", length ? (int)length : 1, length ? path : ".");
}

/* make names in the folder of `path` last; some file systems cannot sync a folder (EINVAL) */
static int sync_folder(const char *path)
{
    char *folder = NULL;
    int fd, code = NB_OK;

    NB_TRY(name_folder(&folder, path));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)) {
        code = nb_file_fail("sync folder", folder);
    }
    if (fd >= 0) {
        close(fd);
    }
    nb_free(folder);
    return code;
}

int nb_file_write(const char *path, const void *bytes, size_t n)
{
    char *temporary = NULL;
    int code;

    NB_TRY(name_temporary(&temporary, path));
    code = fill_temporary(temporary, path, bytes, n);
    if (code == NB_OK && rename(temporary, path) != 0) {
        code = nb_file_fail("write", path);
        unlink(temporary);
    }
    nb_free(temporary);
    return code == NB_OK ? sync_folder(path) : code;
}

/* give `temporary` its final name unless that is taken (1) */
static int claim_name(const char *temporary, const char *path)
{
    int code;

    if (link(temporary, path) == 0) {
        unlink(temporary);
        return NB_OK;
    }
    if (errno == EEXIST) {
        unlink(temporary);
        return 1;
    }
    /* file systems without hard links: the gap between look and rename is harmless, as both
     * writers of a unit hold the same bytes */
    if (errno == EPERM || errno == ENOSYS || errno == EOPNOTSUPP || errno == EMLINK) {
        if (access(path, F_OK) == 0) {
            unlink(temporary);
            return 1;
        }
        if (rename(temporary, path) == 0) {
            return NB_OK;
        }
    }
    code = nb_file_fail("write", path);
    unlink(temporary);
    return code;
}

int nb_file_claim(const char *path, const void *bytes, size_t n)
{
    char *temporary = NULL;
    int code;

    NB_TRY(name_temporary(&temporary, path));
    code = fill_temporary(temporary, path, bytes, n);
    if (code == NB_OK) {
        code = claim_name(temporary, path);
    }
    nb_free(temporary);
    return code == NB_OK ? sync_folder(path) : code;
}

int nb_file_folder(const char *path)
{
    struct stat status;

    if (mkdir(path, 0777) == 0) {
        return sync_folder(path);
    }
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return NB_OK;
    }
    return nb_file_fail("make folder", path);
}

int nb_file_is_temporary(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

/* whoever wrote `name` is gone: a dead process of this machine, or a file older than a day */
static int is_stale(int folder, const char *name)
{
    struct stat status;
    char host[9], here[9];
    long pid;

    if (sscanf(name + sizeof prefix - 1, "%8[0-9a-f]-%ld-", host, &pid) != 2) {
        return 0;
    }
    name_host(here);
    if (strcmp(host, here) == 0 && pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
        return 1;
    }
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_mtime + STALE_SECONDS < time(NULL);
}

void nb_file_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    if (!dir) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (nb_file_is_temporary(entry->d_name) && is_stale(dirfd(dir), entry->d_name)) {
            unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    closedir(dir);
}

void nb_file_sweep_beside(const char *path)
{
    char *folder = NULL;

    if (name_folder(&folder, path) == NB_OK) {
        nb_file_sweep(folder);
    }
    nb_free(folder);
}
