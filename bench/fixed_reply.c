/* A server that answers every request with the same reply: what a client costs, with the least of a server's own time.
 *
 *     fixed_reply [--delay-ms N] [--tls CERTIFICATE KEY]
 *
 * Prints the port that it listens on, on 127.0.0.1, and serves until its standard input ends. A request ends at its
 * blank line and Content-Length. One thread for all connections; a reply waits for its delay without holding up the
 * others. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1024, ROOM = 65536 };

/* As api.woox.io answers an order, with the headers of the network in front of it. */
static const char reply[] =
    "HTTP/1.1 200 OK\r\n"
    "Date: Fri, 01 Aug 2025 00:00:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 171\r\n"
    "Connection: keep-alive\r\n"
    "x-request-id: 6f1ed002ab5595859014ebf0951522d9\r\n"
    "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Cache-Control: no-cache, no-store, max-age=0, must-revalidate\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "Server: cloudflare\r\n"
    "CF-RAY: 9684d1a1b8a9d0f5-NRT\r\n"
    "\r\n"
    "{\"success\":true,\"data\":{\"orderId\":60667653330,\"clientOrderId\":0,\"type\":\"LIMIT\",\"price\":60000.5,"
    "\"quantity\":0.01,\"amount\":null,\"bidAskLevel\":null},\"timestamp\":1751871779855}";

typedef struct {
    SSL *tls; /* NULL where it is plain */
    size_t held;
    int64_t due_ns; /* when its reply is to go out; 0: none is due */
    char request[ROOM + 1];
} connection;

static struct pollfd fds[MOST + 2];
static connection *of[MOST + 2];
static nfds_t count = 2; /* standard input, the listener, connections */

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void drop(nfds_t i) {
    if (of[i]->tls) SSL_free(of[i]->tls);
    close(fds[i].fd);
    free(of[i]);
    fds[i] = fds[--count];
    of[i] = of[count];
}

/* Length of the first whole request, 0 where there is none. */
static size_t whole(connection *c) {
    c->request[c->held] = 0;
    char *end = strstr(c->request, "\r\n\r\n");
    if (!end) return 0;
    char *length = strcasestr(c->request, "\r\nContent-Length:");
    size_t all = (size_t)(end - c->request) + 4;
    if (length && length < end) all += strtoul(length + 17, NULL, 10);
    return all <= c->held ? all : 0;
}

static int answer(nfds_t i) {
    connection *c = of[i];
    c->due_ns = 0;
    if (c->tls) return SSL_write(c->tls, reply, sizeof reply - 1) > 0;
    return send(fds[i].fd, reply, sizeof reply - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof reply - 1);
}

/* Whether the connection stays. */
static int hear(nfds_t i, int64_t delay_ns) {
    connection *c = of[i];
    do {
        char *to = c->request + c->held;
        size_t room = ROOM - c->held;
        if (room == 0) return 0;
        if (c->tls) {
            int got = SSL_read(c->tls, to, (int)room);
            if (got <= 0) return SSL_get_error(c->tls, got) == SSL_ERROR_WANT_READ;
            c->held += (size_t)got;
        } else {
            ssize_t got = recv(fds[i].fd, to, room, MSG_DONTWAIT);
            if (got <= 0) return got < 0 && errno == EAGAIN;
            c->held += (size_t)got;
        }
        size_t used;
        while ((used = whole(c)) != 0) {
            memmove(c->request, c->request + used, c->held - used);
            c->held -= used;
            if (delay_ns == 0) {
                if (!answer(i)) return 0;
            } else c->due_ns = now_ns() + delay_ns;
        }
    } while (c->tls && SSL_has_pending(c->tls));
    return 1;
}

static void welcome(int listener, SSL_CTX *context) {
    int fd = accept4(listener, NULL, NULL, context ? SOCK_NONBLOCK : 0);
    if (fd < 0) return;
    if (count == MOST + 2) {
        close(fd);
        return;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection *c = calloc(1, sizeof *c);
    if (c == NULL) exit(1);
    if (context) {
        c->tls = SSL_new(context);
        SSL_set_fd(c->tls, fd);
        SSL_set_accept_state(c->tls);
    }
    fds[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    of[count++] = c;
}

int main(int argc, char **argv) {
    int64_t delay_ns = 0;
    SSL_CTX *context = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--delay-ms") && i + 1 < argc) delay_ns = strtoll(argv[++i], NULL, 10) * 1000000;
        else if (!strcmp(argv[i], "--tls") && i + 2 < argc) {
            context = SSL_CTX_new(TLS_server_method());
            SSL_CTX_set_read_ahead(context, 1);
            if (SSL_CTX_use_certificate_chain_file(context, argv[++i]) != 1 ||
                SSL_CTX_use_PrivateKey_file(context, argv[++i], SSL_FILETYPE_PEM) != 1) {
                fprintf(stderr, "fixed_reply: cannot read the certificate or its key\n");
                return 1;
            }
        } else {
            fprintf(stderr, "usage: fixed_reply [--delay-ms N] [--tls CERTIFICATE KEY]\n");
            return 2;
        }
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 512) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("fixed_reply");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    fds[0] = (struct pollfd){.fd = 0, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (;;) {
        int64_t wait_ns = -1;
        for (nfds_t i = 2; delay_ns && i < count; i++) {
            if (of[i]->due_ns == 0) continue;
            int64_t left = of[i]->due_ns - now_ns();
            if (left <= 0) {
                if (!answer(i)) drop(i--);
            } else if (wait_ns < 0 || left < wait_ns) wait_ns = left;
        }
        struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
        if (ppoll(fds, count, wait_ns < 0 ? NULL : &wait, NULL) < 0) return 1;
        if (fds[0].revents) return 0;
        for (nfds_t i = count; i-- > 2;)
            if (fds[i].revents && !hear(i, delay_ns)) drop(i);
        if (fds[1].revents) welcome(listener, context);
    }
}
