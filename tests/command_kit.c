#define _POSIX_C_SOURCE 200809L
#include "tests/command_kit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/store_sample.h"

int command_kit_set_up(void **state)
{
    command_kit_t *self = calloc(1, sizeof *self);

    *state = self;
    return self ? sample_make_folder(self->folder, "/tmp") : -1;
}

int command_kit_tear_down(void **state)
{
    command_kit_t *self = *state;
    int status = sample_remove_folder(self->folder);

    free(self);
    return status;
}

int command_kit_run(command_kit_t *self, const char *format, ...)
{
    char line[2048], shell[4096];
    const char *root = getenv("NB_BUILD_ROOT");
    va_list args;
    size_t n;
    FILE *pipe;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    snprintf(shell, sizeof shell, "cd '%s' && PATH='%s':$PATH && export PATH && (%s) 2>&1",
             self->folder, root ? root : ".", line);
    pipe = popen(shell, "r");
    if (!pipe) {
        return -1;
    }
    n = fread(self->output, 1, sizeof self->output - 1, pipe);
    self->output[n] = '\0';
    self->status = pclose(pipe);
    self->status =
        WIFEXITED(self->status) ? WEXITSTATUS(self->status) : 128 + WTERMSIG(self->status);
    return self->status;
}
