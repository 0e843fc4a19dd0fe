/* The load generator in C: what load.py does for fan-out and joins, for so little that it is no server's limit.
 *
 *     generator PORT ROOMS SIZE NAME
 *
 * Reads commands from stdin, a line each, and answers each with a line:
 *     join             connect, upgrade and join all, 512 at a time  ->  joined SECONDS
 *     fanout SECONDS   the first of each room flips its microphone as soon as everyone has the last flip
 *                                                                    ->  ran SECONDS DELIVERIES P50 P99 (ms of a flip)
 * As in load.py, the first delivery of a flip has to say the right thing, all others have to be the same bytes, and in
 * the end each client must have had every flip once. Whatever is wrong is a line that begins with "error", and the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { IN_FLIGHT = 512, BATCH = 1024, READ = 16 * 1024, SAME = 1024, LAPS = 4 * 1024 * 1024 };
enum state { CONNECTING, UPGRADING, JOINING, JOINED };

struct client {
    int fd, room, index, roster;
    long count;
    enum state state;
    char *rest; /* what came of a frame that is not complete */
    size_t held, space;
};

struct room {
    int pending, audio;
    long sent;
    size_t expects; /* bytes of the flip's frame, 0 until the first has come */
    double since;
    char expected[SAME];
};

static int port, rooms, size, clients, opened, joined, poller, running;
static const char *name;
static struct client *all;
static struct room *meetings;
static long deliveries, flips;
static float *laps;

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("error ");
    vprintf(format, values);
    printf("\n");
    fflush(stdout);
    exit(1);
}

static void say(struct client *client, const void *data, size_t length)
{
    /* A closed loop has so little under way that a full buffer means that the server stopped reading. */
    if (send(client->fd, data, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("the server does not read from client %d", client->index);
}

static void say_frame(struct client *client, int opcode, const char *payload, size_t length)
{
    /* The mask is zero, which leaves the payload as it is. */
    char frame[256] = {(char)(0x80 | opcode), (char)(0x80 | length)};
    size_t head = 6;
    if (length > 200)
        fail("nothing that long is sent");
    if (length >= 126) {
        frame[1] = (char)(0x80 | 126);
        frame[3] = (char)length;
        head = 8;
    }
    memcpy(frame + head, payload, length);
    say(client, frame, head + length);
}

static void connect_next(void)
{
    struct client *client = &all[opened];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = client};
    int on = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->index = opened % size;
    client->room = opened / size;
    client->space = 2 * READ;
    client->rest = malloc(client->space);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->fd < 0)
        fail("socket: %s", strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        fail("connect: %s", strerror(errno));
    epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
    opened++;
}

static void flip(int number)
{
    struct room *room = &meetings[number];
    char message[64];
    int length = snprintf(message, sizeof message, "{\"type\":\"status\",\"media\":{\"audio\":%s}}",
                          (room->audio = !room->audio) ? "true" : "false");
    room->pending = size;
    room->expects = 0;
    room->sent++;
    room->since = now();
    say_frame(&all[number * size], 1, message, (size_t)length);
}

static int has(const char *frame, size_t length, const char *text)
{
    return memmem(frame, length, text, strlen(text)) != NULL;
}

static void updated(struct client *client, const char *frame, size_t length)
{
    struct room *room = &meetings[client->room];
    if (!room->expects) {
        const char *one = room->audio ? "\"audio\":true" : "\"audio\":false";
        const char *other = room->audio ? "\"audio\": true" : "\"audio\": false";
        if (!has(frame, length, "participant_updated") || !(has(frame, length, one) || has(frame, length, other)))
            fail("instead of an update came %.*s", (int)(length < 200 ? length : 200), frame);
        if (length > SAME)
            fail("an update has %zu bytes", length);
        memcpy(room->expected, frame, length);
        room->expects = length;
    } else if (length != room->expects || memcmp(frame, room->expected, length)) {
        fail("two members are told %.*s and %.*s", (int)room->expects, room->expected, (int)length, frame);
    }
    client->count++;
    deliveries++;
    if (--room->pending == 0) {
        if (flips < LAPS)
            laps[flips++] = (float)(1e3 * (now() - room->since));
        if (running)
            flip(client->room);
    }
}

static void announced(struct client *client, const char *frame, size_t length)
{
    static const char mark[] = "\"joined_at\"";
    const char *at = frame, *end = frame + length;
    if (client->state == JOINED) {
        /* Whether the joiner is told of its own coming is the server's choice; ours and the references do not. */
        client->roster += has(frame, length, "\"participant_joined\"");
        return;
    }
    if (!has(frame, length, "\"joined\""))
        fail("the join was answered with %.*s", (int)(length < 200 ? length : 200), frame);
    while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) != NULL) {
        client->roster++;
        at++;
    }
    client->roster--; /* the joiner stands in the roster, and once by itself */
    client->state = JOINED;
    joined++;
    if (opened < clients)
        connect_next();
}

static size_t upgraded(struct client *client, size_t length)
{
    char *end = memmem(client->rest, length, "\r\n\r\n", 4), message[200];
    int said;
    if (end == NULL)
        return 0;
    if (strncmp(client->rest, "HTTP/1.1 101 ", 13))
        fail("the upgrade was answered with %.*s", (int)(length < 200 ? length : 200), client->rest);
    client->state = JOINING;
    said = snprintf(message, sizeof message,
                    "{\"type\":\"join\",\"id\":1,\"meeting\":\"%s-%d\",\"create\":true,\"name\":\"u%d\"}", name,
                    client->room, client->index);
    say_frame(client, 1, message, (size_t)said);
    return (size_t)(end + 4 - client->rest);
}

static size_t frame_at(struct client *client, const unsigned char *at, size_t length)
{
    size_t head = 2, payload;
    if (length < 2)
        return 0;
    payload = at[1];
    if (payload == 126) {
        if (length < (head = 4))
            return 0;
        payload = (size_t)at[2] << 8 | at[3];
    } else if (payload == 127) {
        if (length < (head = 10))
            return 0;
        payload = 0;
        for (int n = 2; n < 10; n++)
            payload = payload << 8 | at[n];
    }
    if (length < head + payload)
        return 0;
    if (at[0] == 0x81) {
        if (client->state == JOINED && meetings[client->room].sent)
            updated(client, (const char *)at + head, payload);
        else
            announced(client, (const char *)at + head, payload);
    } else if (at[0] == 0x89) {
        say_frame(client, 10, (const char *)at + head, payload);
    } else {
        fail("the server sent client %d: %02x %.*s", client->index, at[0], (int)payload, (const char *)at + head);
    }
    return head + payload;
}

static void receive(struct client *client)
{
    size_t done = 0, taken;
    ssize_t came;
    if (client->space - client->held < READ)
        client->rest = realloc(client->rest, client->space *= 2);
    came = recv(client->fd, client->rest + client->held, READ, 0);
    if (came < 0 && errno == EAGAIN)
        return;
    if (came <= 0)
        fail("the server closed the connection of client %d", client->index);
    client->held += (size_t)came;
    if (client->state == UPGRADING && (done = upgraded(client, client->held)) == 0)
        return;
    while ((taken = frame_at(client, (unsigned char *)client->rest + done, client->held - done)))
        done += taken;
    client->held -= done;
    memmove(client->rest, client->rest + done, client->held);
}

static void connected(struct client *client)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    char request[512];
    int error = 0, length;
    socklen_t room = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &room);
    if (error)
        fail("connect: %s", strerror(error));
    epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
    client->state = UPGRADING;
    length = snprintf(request, sizeof request,
                      "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Protocol: reconvene.v1\r\n\r\n",
                      port);
    say(client, request, (size_t)length);
}

/* Answers whether a command has come. */
static int pump(int milliseconds)
{
    static struct epoll_event events[BATCH];
    int command = 0, ready = epoll_wait(poller, events, BATCH, milliseconds);
    for (int n = 0; n < ready; n++) {
        struct client *client = events[n].data.ptr;
        if (client == NULL)
            command = 1;
        else if (client->state == CONNECTING)
            connected(client);
        else
            receive(client);
    }
    return command;
}

static void join(void)
{
    double began = now(), end;
    int rosters = 0;
    while (opened < clients && opened < IN_FLIGHT)
        connect_next();
    while (joined < clients) {
        pump(100);
        if (now() - began > 60)
            fail("%d of %d joined in 60 s", joined, clients);
    }
    end = now();
    while (rosters < clients && now() < end + 10) {
        rosters = 0;
        for (int n = 0; n < clients; n++)
            rosters += all[n].roster < 0 || all[n].roster == size;
        if (rosters < clients)
            pump(10);
    }
    if (rosters < clients)
        fail("%d clients do not know of all members of their rooms", clients - rosters);
    printf("joined %.6f\n", end - began);
}

static int by_value(const void *one, const void *other)
{
    float a = *(const float *)one, b = *(const float *)other;
    return (a > b) - (a < b);
}

static void fanout(double seconds)
{
    double began = now(), took, drained;
    long delivered, wrong = 0;
    int pending = 1;
    deliveries = flips = 0;
    running = 1;
    for (int n = 0; n < clients; n++)
        all[n].count = 0;
    for (int n = 0; n < rooms; n++) {
        meetings[n].sent = 0;
        flip(n);
    }
    while ((took = now() - began) < seconds)
        pump(100);
    delivered = deliveries;
    running = 0;
    for (drained = now() + 10; pending && now() < drained;) {
        pending = 0;
        for (int n = 0; n < rooms; n++)
            pending += meetings[n].pending > 0;
        if (pending)
            pump(10);
    }
    for (int n = 0; n < clients; n++)
        wrong += labs(meetings[all[n].room].sent - all[n].count);
    if (wrong)
        fail("%ld deliveries were lost or surplus", wrong);
    qsort(laps, (size_t)flips, sizeof *laps, by_value);
    printf("ran %.6f %ld %.3f %.3f\n", took, delivered, laps[flips / 2], laps[flips * 99 / 100]);
}

int main(int count, char **arguments)
{
    struct epoll_event command = {.events = EPOLLIN, .data.ptr = NULL};
    char line[100] = "";
    if (count != 5)
        return 2;
    port = atoi(arguments[1]);
    rooms = atoi(arguments[2]);
    size = atoi(arguments[3]);
    name = arguments[4];
    clients = rooms * size;
    all = calloc((size_t)clients, sizeof *all);
    meetings = calloc((size_t)rooms, sizeof *meetings);
    laps = calloc(LAPS, sizeof *laps);
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &command);
    for (;;) {
        /* Pings are answered also while nothing is asked for. */
        while (!pump(1000))
            ;
        if (fgets(line, sizeof line, stdin) == NULL)
            return 0;
        if (!strncmp(line, "join", 4))
            join();
        else if (!strncmp(line, "fanout ", 7))
            fanout(atof(line + 7));
        else
            fail("no command: %s", line);
        fflush(stdout);
    }
}
