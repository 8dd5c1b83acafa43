/* What the client makes of a stream's bytes: whether each event is the right one, and when it came. */

#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#include "wire.h"

typedef enum { NO_STAMPS, STAMPED, DUE } Mode;

typedef struct {
    uint32_t id;
    uint32_t expected;    /* the number of the next event */
    uint32_t seen_events;
    uint8_t *seen;        /* a bit for each number */
    uint64_t first_at;    /* when the first event came, ns */
    int64_t first_due;    /* and when it was due, us */
    size_t filled;
    char *event;          /* as far as it came */
} Stream;

static uint32_t check_events = 1, check_size = 100;
static Mode check_mode = NO_STAMPS;
static uint64_t check_seen, check_lost, check_doubled, check_reordered, check_altered;

static int64_t *samples; /* ns, in the order of arrival */
static size_t sampled, sample_room;
static int64_t *firsts;  /* from the request to the first event, ns */
static size_t first_count;

static void prepare_check(uint32_t streams) {
    sample_room = check_mode == NO_STAMPS ? 0 : (size_t)streams * check_events;
    samples = claim(sample_room * sizeof *samples);
    firsts = claim(streams * sizeof *firsts);
}

static void begin_stream(Stream *s, uint32_t id) {
    char *event = s->event ? s->event : claim(check_size);
    uint8_t *seen = s->seen ? s->seen : claim(check_events / 8 + 1);
    memset(seen, 0, check_events / 8 + 1);
    *s = (Stream){.id = id, .event = event, .seen = seen};
}

static void note_first(uint64_t ns) { firsts[first_count++] = (int64_t)ns; }

static void note_time(Stream *s, int64_t stamp, uint64_t now) {
    if (check_mode == STAMPED && sampled < sample_room) {
        samples[sampled++] = (int64_t)now - stamp;
    } else if (check_mode == DUE) {
        if (s->seen_events == 1) {
            s->first_at = now;
            s->first_due = stamp;
        } else if (sampled < sample_room) {
            samples[sampled++] = (int64_t)(now - s->first_at) - (stamp - s->first_due) * 1000;
        }
    }
}

static void check_number(Stream *s, uint32_t number) {
    bool seen = s->seen[number / 8] >> number % 8 & 1;
    s->seen[number / 8] |= (uint8_t)(1 << number % 8);
    if (seen) {
        check_doubled++;
    } else if (number < s->expected) { /* counted as lost when it was passed over */
        check_reordered++;
        check_lost--;
    } else {
        check_lost += number - s->expected;
        s->expected = number + 1;
    }
}

static void check_event(Stream *s, uint64_t now) {
    int64_t number = read_digits(s->event + NUMBER_AT, NUMBER_DIGITS);
    int64_t stamp = read_digits(s->event + STAMP_AT, STAMP_DIGITS);
    char expected[PADDING_AT];
    s->seen_events++;
    check_seen++;
    if (number < 0 || number >= (int64_t)check_events || stamp < 0) {
        check_altered++;
        return;
    }
    memcpy(expected, OPENING, OPENING_SIZE);
    write_digits(expected + STREAM_AT, STREAM_DIGITS, s->id);
    memcpy(expected + NUMBER_AT - 1, s->event + NUMBER_AT - 1, PADDING_AT - NUMBER_AT + 1); /* looked at above */
    expected[NUMBER_AT - 1] = expected[STAMP_AT - 1] = expected[PADDING_AT - 1] = ' ';
    size_t rest = check_size - SMALLEST_EVENT;
    if (memcmp(s->event, expected, PADDING_AT) ||
        memcmp(s->event + PADDING_AT, padding_of(s->id, (uint32_t)number), rest) ||
        memcmp(s->event + check_size - CLOSING_SIZE, CLOSING, CLOSING_SIZE)) {
        check_altered++;
        return;
    }
    check_number(s, (uint32_t)number);
    note_time(s, stamp, now);
}

static void check_body(Stream *s, const char *data, size_t size, uint64_t now) {
    while (size) {
        size_t take = size < check_size - s->filled ? size : check_size - s->filled;
        memcpy(s->event + s->filled, data, take);
        s->filled += take;
        data += take;
        size -= take;
        if (s->filled == check_size) {
            check_event(s, now);
            s->filled = 0;
        }
    }
}

static void end_stream(Stream *s) {
    check_lost += check_events - s->expected;
    if (s->filled) check_altered++;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double median_us(const int64_t *from, size_t count) {
    int64_t *sorted = claim(count * sizeof *sorted);
    memcpy(sorted, from, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    double median = count ? (double)sorted[count / 2] / 1e3 : 0;
    free(sorted);
    return median;
}

static void print_quantiles(const char *name, int64_t *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    printf(", \"%s\": {\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}", name, (double)values[count / 2] / 1e3,
           (double)values[count - count / 100 - 1] / 1e3, (double)values[count - 1] / 1e3);
}

/* Drift: how much later the last tenth is than the first tenth, by their medians. Of one stream only, whose
 * samples stand in its own order. Then, of due times, an error is as bad early as late. */
static void report(double seconds, uint32_t unfinished, uint32_t broken) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"events\": %lu, \"seconds\": %.6f, \"lost\": %lu, \"doubled\": %lu, \"reordered\": %lu, "
           "\"altered\": %lu, \"broken\": %u, \"unfinished\": %u, \"client_cpu\": %.6f",
           check_seen, seconds, check_lost, check_doubled, check_reordered, check_altered, broken, unfinished,
           (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    if (first_count) print_quantiles("first_us", firsts, first_count);
    if (sampled && check_mode == DUE) {
        size_t tenth = sampled / 10;
        printf(", \"drift_us\": %.1f", median_us(samples + sampled - tenth, tenth) - median_us(samples, tenth));
        for (size_t i = 0; i < sampled; i++) samples[i] = samples[i] < 0 ? -samples[i] : samples[i];
    }
    if (sampled) print_quantiles(check_mode == DUE ? "error_us" : "latency_us", samples, sampled);
    printf("}\n");
}

#endif
