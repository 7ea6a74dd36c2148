/* The clients of an echo server, in one thread: the load of `minios bench`.

       echo_load echo|lines PORT CONNECTIONS SIZE

   Connects CONNECTIONS times to PORT of the loopback interface, exchanges one message of SIZE
   bytes on each connection, and says "ready". From then on, for every line on standard input, a
   number of seconds, it keeps exactly one message in flight on each connection for so long, waits
   for the answers that are still out, and prints

       MESSAGES SECONDS CPU_SECONDS P50 P99

   where the last two are the latency of a message in seconds. Between two lines the connections
   are idle. It ends with standard input.

   As long as messages are in flight it never sleeps: a server that sends would otherwise spend its
   own CPU time on waking it, the more often the slower it is.

   `echo` expects what it has sent; `lines` sends lines and expects them in upper case. No two
   messages are alike, and every byte that comes back is compared: one that is wrong, an answer
   that fails to come and a connection that ends are errors, told on standard error, and the exit
   status is then 1. */

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 10000000000u   /* nanoseconds without any answer */
#define STAMP 8                 /* bytes of a message that hold its number */
#define PIECE (256 * 1024)      /* bytes that are received at a time, at most */
#define BATCH 1024              /* connections that one epoll_wait reports, at most */

struct connection {
    int fd;
    int waits_to_send;          /* registered for EPOLLOUT: the socket was full */
    size_t sent, received;      /* bytes of the message that is in flight */
    uint64_t number;            /* of that message */
    uint64_t started;           /* when it was sent, in nanoseconds */
    char *message, *answer;     /* what is sent, and what has to come back */
};

static size_t size;             /* bytes of a message */
static int upper;               /* the answer is the message in upper case */
static int epoll;
static size_t in_flight;        /* connections with a message under way */
static uint64_t deadline;       /* no message is begun after it */
static char piece[PIECE];

static uint32_t *latencies;     /* nanoseconds, one for each message of a run */
static size_t messages, room;

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("echo_load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static void *allocate(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes);
    if (memory == NULL)
        fail("no memory for %zu bytes", bytes);
    return memory;
}

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- One connection ---------------------------------------------------------------------- */

static void open_connection(struct connection *self, int port, uint32_t seed)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = self};
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (self->fd < 0)
        fail("socket: %s", strerror(errno));
    if (connect(self->fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect: %s", strerror(errno));
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(self->fd, F_SETFL, O_NONBLOCK) < 0)
        fail("fcntl: %s", strerror(errno));
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event) < 0)
        fail("epoll_ctl: %s", strerror(errno));

    /* Letters, in another order for each connection; no newline but the one at the end. */
    self->message = allocate(NULL, size);
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        self->message[i] = (char)('a' + (seed >> 16) % 26);
    }
    self->message[size - 1] = '\n';
    self->answer = self->message;
    if (upper) {
        self->answer = allocate(NULL, size);
        for (size_t i = 0; i < size; i++)
            self->answer[i] = (char)toupper(self->message[i]);
    }
}

/* Write the number of the next message into its first bytes, in letters. */
static void stamp(struct connection *self)
{
    uint64_t number = ++self->number;
    for (int i = 0; i < STAMP; i++, number /= 16) {
        self->message[i] = (char)('a' + number % 16);
        if (upper)
            self->answer[i] = (char)('A' + number % 16);
    }
}

static void wait_to_send(struct connection *self, int wait)
{
    struct epoll_event event = {.events = EPOLLIN | (wait ? EPOLLOUT : 0), .data.ptr = self};
    if (self->waits_to_send != wait && epoll_ctl(epoll, EPOLL_CTL_MOD, self->fd, &event) < 0)
        fail("epoll_ctl: %s", strerror(errno));
    self->waits_to_send = wait;
}

static void send_rest(struct connection *self)
{
    while (self->sent < size) {
        ssize_t n = send(self->fd, self->message + self->sent, size - self->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            fail("send: %s", strerror(errno));
        if (n < 0)
            break;
        self->sent += (size_t)n;
    }
    wait_to_send(self, self->sent < size);
}

static void start_message(struct connection *self, uint64_t now)
{
    stamp(self);
    self->sent = self->received = 0;
    self->started = now;
    send_rest(self);
}

static void end_message(struct connection *self)
{
    uint64_t now = nanoseconds(CLOCK_MONOTONIC);
    uint64_t took = now - self->started;

    if (messages == room) {
        room = room ? 2 * room : 1 << 16;
        latencies = allocate(latencies, room * sizeof *latencies);
    }
    latencies[messages++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
    if (now < deadline)
        start_message(self, now);
    else
        in_flight--;
}

static void receive(struct connection *self)
{
    ssize_t n = recv(self->fd, piece, sizeof piece, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n < 0)
        fail("recv: %s", strerror(errno));
    if (n == 0)
        fail("the server has closed a connection");
    /* What has not been sent yet cannot come back: this also refuses more than a message. */
    if ((size_t)n > self->sent - self->received
        || memcmp(piece, self->answer + self->received, (size_t)n) != 0)
        fail("the server has answered something else than it should have");
    self->received += (size_t)n;
    if (self->received == size)
        end_message(self);
}

/* --- All of them ------------------------------------------------------------------------- */

/* Wait until every message that is in flight has come back, and those begun meanwhile. */
static void drain(void)
{
    static struct epoll_event events[BATCH];

    uint64_t last = nanoseconds(CLOCK_MONOTONIC);

    while (in_flight) {
        int n = epoll_wait(epoll, events, BATCH, 0);
        if (n > 0)
            last = nanoseconds(CLOCK_MONOTONIC);
        if (n == 0 && nanoseconds(CLOCK_MONOTONIC) - last > PATIENCE)
            fail("%zu messages have not been answered for 10 s", in_flight);
        if (n < 0 && errno != EINTR)
            fail("epoll_wait: %s", strerror(errno));
        for (int i = 0; i < n; i++) {
            struct connection *self = events[i].data.ptr;
            if (events[i].events & EPOLLOUT)
                send_rest(self);
            if (events[i].events & ~(uint32_t)EPOLLOUT)
                receive(self);
        }
    }
}

static int by_size(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

static void run(struct connection *connections, size_t n, double seconds)
{
    uint64_t cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t start = nanoseconds(CLOCK_MONOTONIC);

    messages = 0;
    deadline = start + (uint64_t)(seconds * 1e9);
    in_flight = n;
    for (size_t i = 0; i < n; i++)
        start_message(&connections[i], nanoseconds(CLOCK_MONOTONIC));
    drain();
    start = nanoseconds(CLOCK_MONOTONIC) - start;
    cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    qsort(latencies, messages, sizeof *latencies, by_size);
    printf("%zu %.9f %.9f %.9f %.9f\n", messages, (double)start / 1e9, (double)cpu / 1e9,
           latencies[messages / 2] / 1e9, latencies[messages - 1 - messages / 100] / 1e9);
}

static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    char line[64];

    if (argc != 5 || (strcmp(argv[1], "echo") != 0 && strcmp(argv[1], "lines") != 0)
        || atoi(argv[2]) < 1 || atoi(argv[3]) < 1 || atoi(argv[4]) <= STAMP) {
        fprintf(stderr, "usage: echo_load echo|lines PORT CONNECTIONS SIZE\n");
        return 2;
    }
    upper = strcmp(argv[1], "lines") == 0;
    size_t n = (size_t)atoi(argv[3]);
    size = (size_t)atoi(argv[4]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    allow_descriptors();
    epoll = epoll_create1(0);
    if (epoll < 0)
        fail("epoll_create1: %s", strerror(errno));

    struct connection *connections = calloc(n, sizeof *connections);
    if (connections == NULL)
        fail("no memory for %zu connections", n);
    for (size_t i = 0; i < n; i++) {        /* one by one, so that no backlog overflows */
        open_connection(&connections[i], atoi(argv[2]), (uint32_t)i + 1);
        in_flight = 1;
        start_message(&connections[i], nanoseconds(CLOCK_MONOTONIC));
        drain();
    }
    puts("ready");
    while (fgets(line, sizeof line, stdin) != NULL)
        run(connections, n, atof(line));
    return 0;
}
