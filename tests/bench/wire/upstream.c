/* The server behind what is measured: each request names the stream that it wants.
 *
 *   upstream [FAULT]
 *
 * POST /bench/STREAM/EVENTS/SIZE/GAP gives EVENTS events of SIZE bytes, a chunk each: GAP microseconds apart by
 * an absolute schedule, or as fast as they are taken where GAP is 0. Behind it, /due has them stamped with their
 * due time. Prints its port. FAULT (lost, doubled, reordered, altered, cut) spoils each stream once, to see that
 * the client notices. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "wire.h"

enum { REQUEST_LIMIT = 16384, BLOCK = 65536, BATCH = 512, CHUNK_OVERHEAD = 16 };

static const char HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";
static const char LAST_CHUNK[] = "0\r\n\r\n";

typedef struct {
    int fd;
    bool streaming, polls_output, stamps_due;
    uint32_t stream, events, size, gap_us;
    uint32_t next;      /* the event to be sent next */
    uint64_t began, due; /* ns */
    size_t asked;       /* bytes of the request so far */
    char *left;         /* what the socket did not take */
    size_t left_from, left_to;
    char request[REQUEST_LIMIT];
} Connection;

static int poller, timer;
static const char *fault = "";
static char block[BLOCK + LARGEST_EVENT + 2 * REQUEST_LIMIT];
static Connection **heap; /* of paced streams, the one that is due next first */
static size_t heaped, heap_room;

static void swap(size_t a, size_t b) {
    Connection *kept = heap[a];
    heap[a] = heap[b];
    heap[b] = kept;
}

static void push(Connection *c) {
    if (heaped == heap_room) {
        heap_room = heap_room ? heap_room * 2 : 1024;
        heap = realloc(heap, heap_room * sizeof *heap);
        if (!heap) fail("realloc");
    }
    size_t at = heaped++;
    heap[at] = c;
    for (; at && heap[at]->due < heap[(at - 1) / 2]->due; at = (at - 1) / 2) swap(at, (at - 1) / 2);
}

static void sink(size_t at) {
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < heaped && heap[left]->due < heap[least]->due) least = left;
        if (right < heaped && heap[right]->due < heap[least]->due) least = right;
        if (least == at) return;
        swap(at, least);
        at = least;
    }
}

static void drop_from_heap(const Connection *c) {
    for (size_t at = 0; at < heaped; at++) {
        if (heap[at] != c) continue;
        heap[at] = heap[--heaped];
        for (size_t i = heaped / 2 + 1; i-- > 0;) sink(i);
        return;
    }
}

static void set_timer(void) {
    struct itimerspec when = {0};
    if (heaped) {
        when.it_value.tv_sec = (time_t)(heap[0]->due / 1000000000u);
        when.it_value.tv_nsec = (long)(heap[0]->due % 1000000000u);
    }
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL)) fail("timerfd_settime");
}

static void close_connection(Connection *c) {
    if (c->gap_us && c->streaming) drop_from_heap(c);
    close(c->fd);
    free(c->left);
    free(c);
}

static void poll_output(Connection *c, bool wanted) {
    if (c->polls_output == wanted) return;
    c->polls_output = wanted;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0u), .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event)) fail("epoll_ctl");
}

/* The event's number, once spoiled where a fault is asked for. */
static uint32_t number_of(const Connection *c) {
    uint32_t n = c->next, half = c->events / 2;
    if (!strcmp(fault, "lost") && n >= half) return n + 1;
    if (!strcmp(fault, "doubled") && n == half) return n - 1;
    if (!strcmp(fault, "reordered") && (n == half || n == half + 1)) return 2 * half + 1 - n;
    return n;
}

/* Appends one chunk with the next event. */
static size_t append_event(Connection *c, char *at, uint64_t stamp) {
    int header = sprintf(at, "%x\r\n", c->size);
    write_event(at + header, c->size, c->stream, number_of(c), stamp);
    if (!strcmp(fault, "altered") && c->next == c->events / 2) at[header + PADDING_AT] = '#';
    c->next++;
    memcpy(at + header + c->size, "\r\n", 2);
    return (size_t)header + c->size + 2;
}

static size_t append_last_chunk(Connection *c, char *at) {
    c->streaming = false;
    if (!strcmp(fault, "cut")) return 0;
    memcpy(at, LAST_CHUNK, sizeof LAST_CHUNK - 1);
    return sizeof LAST_CHUNK - 1;
}

/* False where the connection is gone. */
static bool send_block(Connection *c, size_t size) {
    ssize_t sent = send(c->fd, block, size, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) return false;
        sent = 0;
    }
    if ((size_t)sent < size) {
        c->left_from = 0;
        c->left_to = size - (size_t)sent;
        c->left = claim(c->left_to);
        memcpy(c->left, block + sent, c->left_to);
    }
    if (!c->streaming && !strcmp(fault, "cut")) shutdown(c->fd, SHUT_WR);
    return true;
}

static bool send_left(Connection *c) {
    ssize_t sent = send(c->fd, c->left + c->left_from, c->left_to - c->left_from, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    c->left_from += (size_t)sent;
    if (c->left_from == c->left_to) {
        free(c->left);
        c->left = NULL;
    }
    return true;
}

/* One block of an unpaced stream, so that all streams advance side by side. */
static bool go_on(Connection *c, size_t filled) {
    uint64_t stamp = now_ns();
    while (filled < BLOCK && c->next < c->events) filled += append_event(c, block + filled, stamp);
    if (c->next == c->events) filled += append_last_chunk(c, block + filled);
    bool alive = send_block(c, filled);
    if (alive) poll_output(c, c->streaming || c->left);
    return alive;
}

static bool send_due(Connection *c) {
    size_t filled = 0;
    if (!c->left) { /* else the reader is behind, and the event waits */
        filled = append_event(c, block, c->stamps_due ? (c->due - c->began) / 1000u : now_ns());
        if (c->next == c->events) filled += append_last_chunk(c, block + filled);
        if (!send_block(c, filled)) return false;
    }
    poll_output(c, c->left != NULL);
    return true;
}

static void play_due(void) {
    uint64_t expirations;
    if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("read");
    while (heaped && heap[0]->due <= now_ns()) {
        Connection *c = heap[0];
        bool alive = send_due(c);
        c->due = c->began + (uint64_t)(c->next + 1) * c->gap_us * 1000u;
        if (!alive || !c->streaming) {
            heap[0] = heap[--heaped];
            c->streaming = false;
        }
        sink(0);
        if (!alive) close_connection(c);
    }
    set_timer();
}

static bool begin(Connection *c) {
    char *path = strstr(c->request, "/bench/");
    if (!path || sscanf(path, "/bench/%u/%u/%u/%u", &c->stream, &c->events, &c->size, &c->gap_us) != 4 ||
        c->size < SMALLEST_EVENT || c->size > LARGEST_EVENT || !c->events) {
        fprintf(stderr, "upstream: not understood: %.80s\n", c->request);
        return false;
    }
    c->stamps_due = strstr(path, "/due ") != NULL;
    c->asked = 0;
    c->next = 0;
    c->streaming = true;
    memcpy(block, HEAD, sizeof HEAD - 1);
    if (!c->gap_us) return go_on(c, sizeof HEAD - 1);
    c->began = now_ns();
    c->due = c->began + c->gap_us * 1000u;
    push(c);
    set_timer();
    return send_block(c, sizeof HEAD - 1);
}

static bool whole_request(const Connection *c) {
    const char *end = strstr(c->request, "\r\n\r\n");
    if (!end) return false;
    const char *length = strcasestr(c->request, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return c->asked >= (size_t)(end + 4 - c->request) + body;
}

static bool take_request(Connection *c) {
    ssize_t got = recv(c->fd, c->request + c->asked, REQUEST_LIMIT - 1 - c->asked, 0);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    c->asked += (size_t)got;
    c->request[c->asked] = 0;
    if (c->streaming || c->asked == REQUEST_LIMIT - 1) return false;
    return !whole_request(c) || begin(c);
}

static void take_connections(int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        Connection *c = claim(sizeof *c);
        c->fd = fd;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
    }
}

static void serve(Connection *c, uint32_t events) {
    bool alive = !(events & (EPOLLERR | EPOLLHUP));
    if (alive && events & EPOLLIN) alive = take_request(c);
    if (alive && events & EPOLLOUT) {
        if (c->left) alive = send_left(c);
        if (alive && !c->left && c->streaming && !c->gap_us) alive = go_on(c, 0);
        else if (alive && !c->left) poll_output(c, false);
    }
    if (!alive) close_connection(c);
}

static int listen_anywhere(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 8192)) fail("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &size)) fail("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv) {
    if (argc > 1) fault = argv[1];
    prepare_padding();
    raise_descriptor_limit();
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int listener = listen_anywhere();
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event)) fail("epoll_ctl");
    event.data.ptr = &timer;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event)) fail("epoll_ctl");
    for (;;) {
        struct epoll_event ready[BATCH];
        int count = epoll_wait(poller, ready, BATCH, -1);
        bool due = false;
        for (int i = 0; i < count; i++) {
            if (ready[i].data.ptr == &listener) take_connections(listener);
            else if (ready[i].data.ptr == &timer) due = true;
            else serve(ready[i].data.ptr, ready[i].events);
        }
        if (due) play_due(); /* last: it may close connections that `ready` still names */
    }
}
