/* The load: asks for streams, checks each byte of each event, and tells in one line of JSON what it met.
 *
 *   client -p PORT [-n STREAMS] [-c CONNECTIONS] [-e EVENTS] [-s SIZE] [-g GAP_US] [-r RAMP_US]
 *          [-t TARGETS] [-l LIMIT_S] [-k] [-m stamp|due]
 *
 * -k keeps connections alive from stream to stream. -r spreads the starts. -t has stream I ask for I mod TARGETS.
 * -m stamp: how long each event was on its way. -m due: how late against its own due time, both counted
 * from the stream's first event. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "wire.h"

enum { HEAD_LIMIT = 16384, READ_SIZE = 262144, BATCH = 512 };
typedef enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_END, TRAILER, WHOLE } Framing;

typedef struct {
    int fd;
    bool in_body, chunked;
    Framing at;
    size_t chunk;     /* bytes of it that still come */
    size_t line;      /* bytes of a trailer's line */
    uint64_t length;  /* bytes that still come where the body is not chunked */
    size_t head_size;
    uint64_t asked;   /* ns */
    Stream stream;
    char head[HEAD_LIMIT];
} Connection;

static int poller, port, connections = 1;
static uint32_t streams = 1, targets, begun, ended, broken;
static uint64_t ramp_us, limit_s = 300, beginning, finish;
static unsigned gap_us;
static bool keep_alive;
static Connection *pool; /* those without a stream are closed */

static void hang_up(Connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
}

static void dial(Connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static void ask(Connection *c) {
    uint32_t id = begun++ % targets;
    if (c->fd < 0) dial(c);
    begin_stream(&c->stream, id);
    c->in_body = false;
    c->head_size = 0;
    char body[128], request[512];
    int size = snprintf(body, sizeof body, "{\"question\": \"Stream %u, please\", \"streaming\": true}", id);
    size = snprintf(request, sizeof request,
                    "POST /bench/%u/%u/%u/%u%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n"
                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                    id, check_events, check_size, gap_us, check_mode == DUE ? "/due" : "", port, size, body);
    c->asked = now_ns();
    if (send(c->fd, request, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

static uint64_t start_of(uint32_t stream) { return beginning + ramp_us * 1000u * stream / streams; }

static void end_exchange(Connection *c, bool whole) {
    end_stream(&c->stream);
    ended++;
    if (!whole) broken++;
    if (!whole || !keep_alive) hang_up(c);
    c->in_body = false;
    c->head_size = 0;
    if (begun < streams && now_ns() >= start_of(begun)) ask(c);
    else hang_up(c);
}

/* False where the head is no answer to be measured. */
static bool take_head(Connection *c) {
    if (strncmp(c->head, "HTTP/1.1 200", 12)) {
        fprintf(stderr, "client: unexpected answer: %.200s\n", c->head);
        return false;
    }
    const char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->chunked = strcasestr(c->head, "\r\ntransfer-encoding: chunked") != NULL;
    c->length = length ? strtoull(length + 17, NULL, 10) : UINT64_MAX;
    c->at = CHUNK_SIZE;
    c->chunk = 0;
    c->in_body = true;
    return true;
}

/* Takes the body out of its chunks. True at the end of the body. */
static bool take_chunks(Connection *c, const char *data, size_t size, uint64_t now) {
    for (const char *end = data + size; data < end;) {
        char byte = *data;
        switch (c->at) {
        case CHUNK_SIZE:
            if (byte == '\n') c->at = c->chunk ? CHUNK_DATA : TRAILER, c->line = 0;
            else if (byte == ';') c->at = CHUNK_EXTENSION;
            else if (byte >= '0' && byte <= '9') c->chunk = c->chunk * 16 + (size_t)(byte - '0');
            else if (byte != '\r') c->chunk = c->chunk * 16 + (size_t)((byte | 32) - 'a' + 10);
            data++;
            break;
        case CHUNK_EXTENSION:
            if (byte == '\n') c->at = c->chunk ? CHUNK_DATA : TRAILER, c->line = 0;
            data++;
            break;
        case CHUNK_DATA: {
            size_t take = (size_t)(end - data) < c->chunk ? (size_t)(end - data) : c->chunk;
            check_body(&c->stream, data, take, now);
            data += take;
            c->chunk -= take;
            if (!c->chunk) c->at = CHUNK_END;
            break;
        }
        case CHUNK_END:
            if (byte == '\n') c->at = CHUNK_SIZE;
            data++;
            break;
        case TRAILER:
            if (byte == '\n') {
                if (!c->line) c->at = WHOLE;
                c->line = 0;
            } else if (byte != '\r') {
                c->line++;
            }
            data++;
            break;
        case WHOLE: /* bytes behind the end */
            check_altered++;
            return true;
        }
    }
    return c->at == WHOLE;
}

static bool take_body(Connection *c, const char *data, size_t size, uint64_t now) {
    if (c->chunked) return take_chunks(c, data, size, now);
    check_body(&c->stream, data, size, now);
    c->length -= size;
    return c->length == 0;
}

static void take(Connection *c) {
    static char buffer[READ_SIZE];
    ssize_t got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    uint64_t now = now_ns();
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        end_exchange(c, got == 0 && c->in_body && !c->chunked && c->length > UINT64_MAX / 2);
        return;
    }
    const char *data = buffer;
    size_t size = (size_t)got;
    if (!c->in_body) {
        size_t room = HEAD_LIMIT - 1 - c->head_size, before = c->head_size;
        size_t copied = size < room ? size : room;
        memcpy(c->head + before, data, copied);
        c->head_size += copied;
        c->head[c->head_size] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end) return;
        size_t used = (size_t)(end + 4 - c->head) - before;
        end[2] = 0;
        if (!take_head(c)) {
            end_exchange(c, false);
            return;
        }
        data += used;
        size -= used;
    }
    uint32_t before = c->stream.seen_events;
    bool whole = take_body(c, data, size, now);
    if (!before && c->stream.seen_events) note_first(now - c->asked);
    if (whole) end_exchange(c, true);
}

/* Starts what is to be started, and tells how long nothing else is: milliseconds, rounded up. */
static int start_due(void) {
    for (int i = 0; i < connections && begun < streams; i++) {
        if (pool[i].fd >= 0) continue;
        uint64_t now = now_ns(), start = start_of(begun);
        if (start > now) return (int)((start - now) / 1000000u) + 1;
        ask(&pool[i]);
    }
    return 1000;
}

static void read_options(int argc, char **argv) {
    for (int option; (option = getopt(argc, argv, "p:n:c:e:s:g:r:t:l:m:k")) != -1;) {
        uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;
        switch (option) {
        case 'p': port = (int)value; break;
        case 'n': streams = (uint32_t)value; break;
        case 'c': connections = (int)value; break;
        case 'e': check_events = (uint32_t)value; break;
        case 's': check_size = (uint32_t)value; break;
        case 'g': gap_us = (unsigned)value; break;
        case 'r': ramp_us = value; break;
        case 't': targets = (uint32_t)value; break;
        case 'l': limit_s = value; break;
        case 'k': keep_alive = true; break;
        case 'm': check_mode = strcmp(optarg, "due") ? STAMPED : DUE; break;
        default: exit(2);
        }
    }
    if (!targets) targets = streams;
    if (!port || check_size < SMALLEST_EVENT || check_size > LARGEST_EVENT) {
        fprintf(stderr, "client: no port, or a size that can't be\n");
        exit(2);
    }
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    prepare_padding();
    raise_descriptor_limit();
    prepare_check(streams);
    poller = epoll_create1(0);
    pool = claim((size_t)connections * sizeof *pool);
    for (int i = 0; i < connections; i++) pool[i].fd = -1;
    beginning = now_ns();
    finish = beginning + limit_s * 1000000000u;
    while (ended < streams && now_ns() < finish) {
        int wait = start_due();
        struct epoll_event ready[BATCH];
        int count = epoll_wait(poller, ready, BATCH, wait);
        for (int i = 0; i < count; i++) take(ready[i].data.ptr);
    }
    double seconds = (double)(now_ns() - beginning) / 1e9;
    report(seconds, streams - ended, broken);
    return 0;
}
