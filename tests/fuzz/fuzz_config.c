/*
 * Fuzzing of the configuration reader. Whatever the bytes, it answers with a tree or with a
 * sentence, and a tree written out reads back as the same tree.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/settings.h"
#include "tests/fuzz/driver.h"

const char fuzz_tokens[] = "\n\n  \t:-,[]{}&*!|>'\"%@`#?.\\~a1\r<=";

static char *text_of(int (*write)(const nb_node_t *, FILE *), const nb_node_t *node, size_t *n)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, n);

    require(out && write(node, out) == NB_OK && fclose(out) == 0, "writing fails");
    return text;
}

static void check_round_trip(const nb_config_t *config)
{
    nb_config_t again;
    size_t n_yaml, n_first, n_second;
    char *yaml = text_of(nb_node_yaml, config->root, &n_yaml);
    char *first = text_of(nb_node_canonical, config->root, &n_first), *second;

    require(nb_config_init(&again) == NB_OK, "no memory");
    require(nb_config_parse(&again, "again", yaml, n_yaml) == NB_OK, "own YAML is refused");
    second = text_of(nb_node_canonical, again.root, &n_second);
    require(strcmp(first, second) == 0, "own YAML reads back as another tree");
    free(yaml);
    free(first);
    free(second);
    nb_config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    nb_config_t config;
    int code;

    require(nb_config_init(&config) == NB_OK, "no memory");
    nb_error_clear();
    code = nb_config_parse(&config, "fuzz", (const char *)bytes, n);
    if (code == NB_OK) {
        check_round_trip(&config);
    } else {
        require(code == NB_ERR_CONFIG && strncmp(nb_error_detail(), "fuzz", 4) == 0,
                "an error without a place");
    }
    nb_config_free(&config);
    return 0;
}
