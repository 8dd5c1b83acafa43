/* What both ends of the benchmark know: how an event looks, and what time it is. */

#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* An event is SIZE bytes: OPENING, stream, number and stamp in decimal, padding, CLOSING.
 * The padding depends on stream and number, so that no byte can change unseen.
 * The stamp is when the event was sent (ns, CLOCK_MONOTONIC) or, in a replay, when it is due (us). */
#define OPENING "message:\ndata:{\"event\":\"token\",\"data\":\""
#define CLOSING "\"}\n\n"
enum {
    OPENING_SIZE = sizeof OPENING - 1,
    CLOSING_SIZE = sizeof CLOSING - 1,
    STREAM_DIGITS = 6,
    NUMBER_DIGITS = 8,
    STAMP_DIGITS = 17,
    STREAM_AT = OPENING_SIZE,
    NUMBER_AT = STREAM_AT + STREAM_DIGITS + 1,
    STAMP_AT = NUMBER_AT + NUMBER_DIGITS + 1,
    PADDING_AT = STAMP_AT + STAMP_DIGITS + 1,
    SMALLEST_EVENT = PADDING_AT + CLOSING_SIZE,
    LARGEST_EVENT = 1 << 20,
    ROTATION = 64
};

static const char ALPHABET[ROTATION + 1] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
static char padding[LARGEST_EVENT + ROTATION];

static inline void prepare_padding(void) {
    for (size_t i = 0; i < sizeof padding; i++) padding[i] = ALPHABET[i % ROTATION];
}

static inline const char *padding_of(uint32_t stream, uint32_t number) {
    return padding + (stream * 7u + number) % ROTATION;
}

static inline void write_digits(char *at, int digits, uint64_t value) {
    while (digits--) {
        at[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* -1 where there is anything but digits. */
static inline int64_t read_digits(const char *at, int digits) {
    int64_t value = 0;
    for (; digits; digits--, at++) {
        if (*at < '0' || *at > '9') return -1;
        value = value * 10 + (*at - '0');
    }
    return value;
}

static inline void write_event(char *at, uint32_t size, uint32_t stream, uint32_t number, uint64_t stamp) {
    memcpy(at, OPENING, OPENING_SIZE);
    write_digits(at + STREAM_AT, STREAM_DIGITS, stream);
    at[NUMBER_AT - 1] = ' ';
    write_digits(at + NUMBER_AT, NUMBER_DIGITS, number);
    at[STAMP_AT - 1] = ' ';
    write_digits(at + STAMP_AT, STAMP_DIGITS, stamp);
    at[PADDING_AT - 1] = ' ';
    memcpy(at + PADDING_AT, padding_of(stream, number), size - SMALLEST_EVENT);
    memcpy(at + size - CLOSING_SIZE, CLOSING, CLOSING_SIZE);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void fail(const char *what) {
    perror(what);
    exit(2);
}

static inline void *claim(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    if (!memory) fail("calloc");
    return memory;
}

/* Thousands of streams need as many descriptors. */
static inline void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit)) fail("setrlimit");
}

#endif
