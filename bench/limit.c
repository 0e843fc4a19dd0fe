/* Reference: the least that any server can do, the limit of the machine. One thread, epoll, no memory of anything.
 *
 *     limit PORT
 *
 * A status is recognised by its bytes, the update is framed once, and the same bytes are sent to every socket of the
 * room. Nothing is validated, authorised, stored, logged or limited, nobody is told who else is there, the upgrade is
 * answered without looking at its key, and who reads slowly is an error that ends the server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MOST = 65536, BATCH = 1024, SPACE = 2048, MEMBERS = 4096, ROOMS = 4096 };

struct room {
    char name[64];
    int members[MEMBERS], count;
    long seq;
};

struct client {
    int is_upgraded;
    struct room *room;
    size_t held;
    unsigned char data[SPACE];
};

static struct client *of[MOST];
static struct room *rooms[ROOMS];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void tell(int fd, const void *data, size_t length)
{
    if (send(fd, data, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE && errno != ECONNRESET)
        die("send");
}

static size_t text_frame(char *frame, const char *text, size_t length)
{
    size_t head = length < 126 ? 2 : 4;
    frame[0] = (char)0x81;
    frame[1] = (char)(length < 126 ? length : 126);
    if (head == 4) {
        frame[2] = (char)(length >> 8);
        frame[3] = (char)length;
    }
    memcpy(frame + head, text, length);
    return head + length;
}

static struct room *room_of(const char *message)
{
    char name[64] = "";
    const char *at = strstr(message, "\"meeting\":\"");
    int number = 0;
    if (at == NULL || sscanf(at + 11, "%63[^\"]", name) != 1)
        exit(1);
    while (rooms[number] != NULL && strcmp(rooms[number]->name, name))
        if (++number == ROOMS)
            exit(1);
    if (rooms[number] == NULL) {
        rooms[number] = calloc(1, sizeof **rooms);
        strcpy(rooms[number]->name, name);
    }
    return rooms[number];
}

static void message(int fd, struct client *client, char *text)
{
    char said[256], frame[300];
    size_t length;
    struct room *room = client->room;
    if (room == NULL) {
        room = client->room = room_of(text);
        if (room->count == MEMBERS)
            exit(1);
        room->members[room->count++] = fd;
        length = (size_t)snprintf(
            said, sizeof said,
            "{\"type\":\"joined\",\"id\":1,\"you\":{\"id\":\"p_%016x\"},\"participants\":[]}", fd);
        tell(fd, frame, text_frame(frame, said, length));
        return;
    }
    length = (size_t)snprintf(said, sizeof said,
                              "{\"type\":\"participant_updated\",\"seq\":%ld,\"participant\":{\"id\":\"p_%016x\","
                              "\"media\":{\"audio\":%s,\"video\":false,\"screen\":false}}}",
                              ++room->seq, fd, strstr(text, "true") ? "true" : "false");
    length = text_frame(frame, said, length);
    for (int n = 0; n < room->count; n++)
        tell(room->members[n], frame, length);
}

/* Answers how many bytes were taken. */
static size_t frame_at(int fd, struct client *client, unsigned char *at, size_t length)
{
    char text[SPACE];
    size_t payload = length < 2 ? 0 : at[1] & 127, head = payload == 126 ? 8 : 6;
    if (length < head)
        return 0;
    if (head == 8)
        payload = (size_t)at[2] << 8 | at[3];
    if (payload >= SPACE - 8)
        exit(1);
    if (length < head + payload)
        return 0;
    for (size_t n = 0; n < payload; n++)
        text[n] = (char)(at[head + n] ^ at[head - 4 + (n & 3)]);
    text[payload] = 0;
    if ((at[0] & 15) == 1)
        message(fd, client, text);
    return head + payload;
}

static void leave(int fd, struct client *client)
{
    struct room *room = client->room;
    for (int n = 0; room != NULL && n < room->count; n++)
        if (room->members[n] == fd)
            room->members[n--] = room->members[--room->count];
    free(client);
    of[fd] = NULL;
    close(fd);
}

static void receive(int fd)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                 "Sec-WebSocket-Protocol: reconvene.v1\r\n\r\n";
    struct client *client = of[fd];
    size_t done = 0, taken;
    ssize_t came = recv(fd, client->data + client->held, SPACE - 1 - client->held, 0);
    if (came < 0 && errno == EAGAIN)
        return;
    if (came <= 0) {
        leave(fd, client);
        return;
    }
    client->held += (size_t)came;
    if (!client->is_upgraded) {
        unsigned char *end = memmem(client->data, client->held, "\r\n\r\n", 4);
        if (end == NULL)
            return;
        done = (size_t)(end + 4 - client->data);
        client->is_upgraded = 1;
        tell(fd, answer, sizeof answer - 1);
    }
    while ((taken = frame_at(fd, client, client->data + done, client->held - done)))
        done += taken;
    client->held -= done;
    memmove(client->data, client->data + done, client->held);
}

int main(int count, char **arguments)
{
    static struct epoll_event events[BATCH];
    struct sockaddr_in at = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0), on = 1;
    if (count != 2)
        return 2;
    at.sin_port = htons((uint16_t)atoi(arguments[1]));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 1024) < 0)
        die("listen");
    events[0] = (struct epoll_event){.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &events[0]);
    for (;;) {
        int ready = epoll_wait(poller, events, BATCH, -1);
        for (int n = 0; n < ready; n++) {
            int fd = events[n].data.fd;
            if (fd != listener) {
                receive(fd);
                continue;
            }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
                if (fd >= MOST)
                    exit(1);
                of[fd] = calloc(1, sizeof **of);
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}
