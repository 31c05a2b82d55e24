/* A server that returns the same response to every request, so that a benchmark measures the client.
 *
 *     fixed_response [--delay-ms N] [--tls CERTIFICATE KEY]
 *
 * Print the port on 127.0.0.1, and serve until the standard input ends. A request ends after its blank line and
 * Content-Length. A single thread serves all connections; a delayed response delays only its own connection. */
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

enum { MAX_CONNECTIONS = 1024, CAPACITY = 65536 };

/* The response of api.woox.io to an order, with the headers of its content delivery network. */
static const char response[] =
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
    SSL *tls; /* NULL for a plain connection */
    size_t size; /* bytes in `request` */
    int64_t due_ns; /* when to send the response; 0: no request waits */
    char request[CAPACITY + 1];
} connection;

static struct pollfd fds[MAX_CONNECTIONS + 2];
static connection *of[MAX_CONNECTIONS + 2];
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

/* Return the length of the first complete request, or 0. */
static size_t request_length(connection *c) {
    c->request[c->size] = 0;
    char *end = strstr(c->request, "\r\n\r\n");
    if (!end) return 0;
    char *length = strcasestr(c->request, "\r\nContent-Length:");
    size_t all = (size_t)(end - c->request) + 4;
    if (length && length < end) all += strtoul(length + 17, NULL, 10);
    return all <= c->size ? all : 0;
}

static int respond(nfds_t i) {
    connection *c = of[i];
    c->due_ns = 0;
    if (c->tls) return SSL_write(c->tls, response, sizeof response - 1) > 0;
    return send(fds[i].fd, response, sizeof response - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof response - 1);
}

/* Return whether the connection stays open. */
static int receive(nfds_t i, int64_t delay_ns) {
    connection *c = of[i];
    do {
        char *to = c->request + c->size;
        size_t space = CAPACITY - c->size;
        if (space == 0) return 0;
        if (c->tls) {
            int got = SSL_read(c->tls, to, (int)space);
            if (got <= 0) return SSL_get_error(c->tls, got) == SSL_ERROR_WANT_READ;
            c->size += (size_t)got;
        } else {
            ssize_t got = recv(fds[i].fd, to, space, MSG_DONTWAIT);
            if (got <= 0) return got < 0 && errno == EAGAIN;
            c->size += (size_t)got;
        }
        for (size_t used = request_length(c); used != 0; used = request_length(c)) {
            memmove(c->request, c->request + used, c->size - used);
            c->size -= used;
            if (delay_ns != 0) {
                c->due_ns = now_ns() + delay_ns;
            } else if (!respond(i)) {
                return 0;
            }
        }
    } while (c->tls && SSL_has_pending(c->tls));
    return 1;
}

static void accept_connection(int listener, SSL_CTX *context) {
    int fd = accept4(listener, NULL, NULL, context ? SOCK_NONBLOCK : 0);
    if (fd < 0) return;
    if (count == MAX_CONNECTIONS + 2) {
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
                fprintf(stderr, "fixed_response: cannot read the certificate or its key\n");
                return 1;
            }
        } else {
            fprintf(stderr, "usage: fixed_response [--delay-ms N] [--tls CERTIFICATE KEY]\n");
            return 2;
        }
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 512) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("fixed_response");
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
            if (left > 0) {
                if (wait_ns < 0 || left < wait_ns) wait_ns = left;
            } else if (!respond(i)) {
                drop(i--);
            }
        }
        struct timespec wait = {wait_ns / 1000000000, wait_ns % 1000000000};
        if (ppoll(fds, count, wait_ns < 0 ? NULL : &wait, NULL) < 0) return 1;
        if (fds[0].revents) return 0;
        for (nfds_t i = count; i-- > 2;)
            if (fds[i].revents && !receive(i, delay_ns)) drop(i);
        if (fds[1].revents) accept_connection(listener, context);
    }
}
